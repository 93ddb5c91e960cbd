"""`{i}` in a text -> the value of the loop variable `i`."""

import re
from dataclasses import replace

from ..syntax.leaves import Text
from .bindings import Bindings, show_value

_SLOT = re.compile(r"\{\s*([^\W\d]\w*)\s*\}")


def fill_text(text: Text, bindings: Bindings) -> Text:
    """The text with every `{i}` replaced where `i` is a loop variable; other slots stay."""
    if not bindings.values or "{" not in text.value:
        return text

    def value(slot: re.Match[str]) -> str:
        found = bindings.values.get(slot[1])
        return slot[0] if found is None else show_value(found)

    return replace(text, value=_SLOT.sub(value, text.value))
