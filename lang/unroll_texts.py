"""Texts, metrics and the brackets of sites with numbers in the place of loop variables."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from .scope import Reporter
from .static_index import report_not_static
from .static_values import static_value
from .syntax.alignments import Dims, Entry, SitesSyntax, SiteSyntax, Star
from .syntax.expressions import ExpressionSyntax, Reference
from .syntax.leaves import Integer, Name
from .syntax.members import Indexed, PositionSyntax
from .syntax.metrics import AnswerKey, LookupSyntax, MetricExpressionSyntax, MetricOperation, ReadingSyntax
from .syntax.tasks import AnswerEntry
from .syntax.texts import TemplateSyntax, TextsSyntax


@dataclass(frozen=True)
class WriteOut:
    """How the parts of one run of a loop are written out, and the names of the loop variables around them."""

    expression: Callable[[ExpressionSyntax], ExpressionSyntax]
    indexed: Callable[[Indexed], Indexed]
    position: Callable[[PositionSyntax], PositionSyntax]
    variables: frozenset[str]
    report: Reporter


# --- texts -----------------------------------------------------------------------------------------------------------


def unroll_texts(texts: TextsSyntax, write_out: WriteOut) -> TextsSyntax:
    """Every text with the loop variables' values in its slots."""
    return replace(texts, templates=tuple(unroll_template(template, write_out) for template in texts.templates))


def unroll_template(template: TemplateSyntax, write_out: WriteOut) -> TemplateSyntax:
    """A text with the loop variables' values in its slots."""
    parts = tuple(
        part if isinstance(part, str) else replace(part, expression=write_out.expression(part.expression))
        for part in template.parts
    )
    return replace(template, parts=parts)


def unroll_reading(
    reading: tuple[AnswerEntry, ...] | Name | TextsSyntax, write_out: WriteOut
) -> tuple[AnswerEntry, ...] | Name | TextsSyntax:
    """What an answer says of its values."""
    if isinstance(reading, TextsSyntax):
        return unroll_texts(reading, write_out)
    if isinstance(reading, Name):
        return reading
    return tuple(
        replace(entry, answer=unroll_texts(entry.answer, write_out)) if isinstance(entry.answer, TextsSyntax) else entry
        for entry in reading
    )


# --- metrics ---------------------------------------------------------------------------------------------------------


def unroll_metric(syntax: MetricExpressionSyntax, write_out: WriteOut) -> MetricExpressionSyntax:
    """A metric's expression."""
    match syntax:
        case LookupSyntax():
            return _lookup(syntax, write_out)
        case ReadingSyntax(text=LookupSyntax() as lookup):
            return replace(syntax, text=_lookup(lookup, write_out))
        case ReadingSyntax(text=TemplateSyntax() as template):
            return replace(syntax, text=unroll_template(template, write_out))
        case MetricOperation(operands=operands):
            return replace(syntax, operands=tuple(unroll_metric(operand, write_out) for operand in operands))
        case _:
            return syntax


def _lookup(syntax: LookupSyntax, write_out: WriteOut) -> LookupSyntax:
    """A table and its keys. A first key that is a loop's variable is an index of the table: part of its name."""
    table, keys = syntax.table, list(syntax.keys)
    first = keys[0] if len(keys) > 1 else None
    if isinstance(first, Reference) and first.index is None and first.name.text in write_out.variables:
        table, keys = write_out.indexed(Indexed(table, first, table.span)).name, keys[1:]
    unrolled = tuple(key if isinstance(key, AnswerKey) else write_out.expression(key) for key in keys)
    return replace(syntax, table=table, keys=unrolled)


# --- sites -----------------------------------------------------------------------------------------------------------


def unroll_sites(syntax: SitesSyntax, write_out: WriteOut) -> SitesSyntax:
    """Every site of a list."""
    return replace(syntax, sites=tuple(unroll_site(site, write_out) for site in syntax.sites))


def unroll_site(syntax: SiteSyntax, write_out: WriteOut) -> SiteSyntax:
    """A site with numbers in its brackets, and slots that name members."""
    indices = tuple(
        replace(index, entries=tuple(_index_entry(entry, write_out) for entry in index.entries))
        for index in syntax.indices
    )
    position = syntax.position
    if isinstance(position, PositionSyntax):
        position = write_out.position(position)
    return replace(syntax, indices=indices, position=position)


def _index_entry(entry: Entry | Dims | Star, write_out: WriteOut) -> Entry | Dims | Star:
    if not isinstance(entry, Entry):
        return entry
    ends: list[Integer] = []
    for end in (entry.low, entry.high):
        value = static_value(write_out.expression(end))
        if type(value) is not int:
            report_not_static("an index of a site", end, write_out.report)
            return entry
        ends.append(Integer(value, end.span))
    return Dims(ends[0], ends[1], entry.span)
