"""Names with an index that stands for a number -> the plain names of families' members."""

from ..families import IndexedFamily, member_name
from ..scope import Reporter
from ..syntax.expressions import ExpressionSyntax
from ..syntax.leaves import Name
from ..syntax.members import Indexed
from .static_values import static_value


def indexed_name(indexed: Indexed, report: Reporter) -> Name | None:
    """The name that is meant, `x[3]` for `x[1 + 2]`; None after an error."""
    if indexed.index is None:
        return Name(indexed.name.text, indexed.span)
    value = static_value(indexed.index)
    if type(value) is not int:
        report_not_static("an index here", indexed.index, report)
        return None
    return Name(member_name(indexed.name.text, value), indexed.span)


def report_not_static(what: str, found: ExpressionSyntax, report: Reporter, kind: str = "a whole number") -> None:
    """Something that must be known before anything is computed is not."""
    report.error(
        "CS141",
        f"{what} is {kind} that is known beforehand",
        found.span,
        "this depends on what the model reads, or is no number",
        help="use numbers and the variables of loops, `i + 1`",
    )


def report_no_member(name: Name, family: IndexedFamily, report: Reporter) -> None:
    """A member that its family does not have."""
    report.error(
        "CS140",
        f"there is no `{name.text}`: the members of `{family.name}` are {family.text}",
        name.span,
        help="change the index, or what the loop runs through",
    )
