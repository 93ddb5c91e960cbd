"""The table of words -> the list in docs/language.md."""

import re

from ..words.keywords import GROUPS

BETWEEN = re.compile(r"(?<=<!-- words -->\n).*?(?=<!-- end of words -->\n)", re.S)


def put_words(page: str) -> str:
    """The page with the list of today between its markers."""
    return BETWEEN.sub(lambda _: render_words(), page)


def render_words() -> str:
    """A row for each group."""
    rows = [f"| {group} | {', '.join(f'`{word}`' for word in words)} |\n" for group, words in GROUPS.items()]
    return "\n| words | |\n|---|---|\n" + "".join(rows) + "\n"
