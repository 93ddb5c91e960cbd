"""`python -m cspec.lang.generate`: write the files that are made from the tables of `lang`."""

from collections.abc import Iterator
from pathlib import Path

from .explanations.render_catalogue import render_catalogue
from .highlighting.reference import put_words
from .highlighting.textmate import render_textmate

ROOT = Path(__file__).parents[1]


def generated_files() -> Iterator[tuple[Path, str]]:
    """Each generated file, relative to the root, and what it should hold."""
    yield Path("docs/errors.md"), render_catalogue()
    yield Path("docs/language.md"), put_words((ROOT / "docs/language.md").read_text(encoding="utf-8"))
    yield Path("editors/vscode/syntaxes/cspec.tmLanguage.json"), render_textmate()


if __name__ == "__main__":
    for path, text in generated_files():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, encoding="utf-8")
