"""`x[1]` as written -> the plain name `x[1]` of a family's member."""

from .scope import Reporter
from .syntax import Indexed, Name, Number


def indexed_name(indexed: Indexed, report: Reporter) -> Name | None:
    """The name that is meant; None after an error."""
    if indexed.index is None:
        return Name(indexed.name.text, indexed.span)
    if not isinstance(indexed.index, Number):
        report.error(
            "CS314", "expected a whole number as an index", indexed.index.span, help="write a constant: `x[0]`"
        )
        return None
    return Name(f"{indexed.name.text}[{indexed.index.value}]", indexed.span)
