"""Letters of other scripts that look like Latin ones, so that two names can look alike and differ."""

import unicodedata
from collections.abc import Iterable

CYRILLIC = dict(zip("асеорхукіјѕһԁԛԝАВСЕНІЈКМОРЅТХУ", "aceopxykijshdqwABCEHIJKMOPSTXY", strict=True))
GREEK = dict(zip("αεικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aeiknoptuxABEZHIKMNOPTYX", strict=True))
LATIN = {**CYRILLIC, **GREEK, "ı": "i", "ɑ": "a", "ɡ": "g"}


def skeleton(name: str) -> str:
    """What a name looks like, in Latin letters."""
    return "".join(LATIN.get(char, char) for char in unicodedata.normalize("NFKC", name))


def find_lookalike(word: str, names: Iterable[str]) -> str | None:
    """A name that looks like a word and is another one."""
    if word.isascii():
        names = (name for name in names if not name.isascii())
    wanted = skeleton(word)
    return next((name for name in names if name != word and skeleton(name) == wanted), None)


def tell_apart(word: str, name: str) -> str:
    """In words, the first place where two names that look alike differ."""
    for one, other in zip(word, name, strict=False):
        if one != other:
            return f"it has {_letter(other)} where this has {_letter(one)}"
    return "its letters are composed in another way"


def _letter(char: str) -> str:
    return f"U+{ord(char):04X} ({unicodedata.name(char, 'without a name').lower()})"
