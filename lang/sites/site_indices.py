"""The brackets of a site as written -> what they index: layers, heads and dims, each with its numbers."""

from typing import Literal

from ..checks.networks.positions import SiteScope
from ..diagnostics import Span
from ..record import record
from ..scope import Reporter
from ..suggest import suggest
from ..syntax.alignments import Dims, Index, SiteSyntax, Star
from ..words.borrowed import help_site
from .components import COMPONENTS

MAX_DIMS = 1_000_000

Entries = tuple[tuple[int, ...], ...]
"""What stands in a pair of brackets: one tuple of numbers for each number or range."""


@record
class SiteIndices:
    """The brackets of a site; None where there are none."""

    layers: Index | None
    heads: Index | None
    dims: Index | None


def split_indices(syntax: SiteSyntax, scope: SiteScope, report: Reporter) -> SiteIndices | None:
    """Which brackets hold layers, heads and dims: `head_out[LAYER, HEAD][DIMS]`. None after an error."""
    name = syntax.component
    component = COMPONENTS.get(name.text)
    if component is None:
        aligned = name.text in scope.variables
        report.error(
            "CS101",
            f"expected a site, found the unknown component `{name.text}`",
            name.span,
            help="use `hidden[i]`, `resid_post[i] @ last` or `logits`"
            if aligned
            else help_site(name.text) or suggest(name.text, COMPONENTS, "components"),
            notes=[f"`{name.text}` is a variable of the model"] if aligned else [],
        )
        return None
    if (syntax.path is None) == (name.text == "module"):
        _report_module(syntax, report)
        return None
    indices = list(syntax.indices)
    layers: Index | None = None
    heads: Index | None = None
    if component.layered:
        if not indices:
            example = f"{name.text}[1, 0]" if component.headed else f"{name.text}[1]"
            what = "a layer and a head" if component.headed else "a layer"
            report.error("CS306", f"expected {what} after `{name.text}`", name.span, help=f"write `{example}`")
            return None
        layers = indices.pop(0)
    if component.headed and layers is not None:
        if len(layers.entries) != 2:
            report.error(
                "CS306",
                f"expected a layer and a head after `{name.text}`, found "
                + ("one number" if len(layers.entries) == 1 else f"{len(layers.entries)} numbers"),
                layers.span,
                help=f"write `{name.text}[LAYER, HEAD]`, each a number, a range or `*`; list further ones as sites in "
                "brackets",
            )
            return None
        layer, head = layers.entries
        layers, heads = Index((layer,), layer.span), Index((head,), head.span)
    if len(indices) > 1:
        report.error(
            "CS306",
            f"`{name.text}` takes no further index",
            indices[1].span,
            help="dims go in one pair of brackets: `hidden[1][0, 2, 5..7]`",
        )
        return None
    return SiteIndices(layers, heads, indices[0] if indices else None)


def entries_of(index: Index, report: Reporter) -> Entries | Literal["each"] | None:
    """What the brackets list, each entry with its numbers; `"each"` for `*`, None after an error."""
    found: list[tuple[int, ...]] = []
    for entry in index.entries:
        if isinstance(entry, Star):
            if len(index.entries) == 1:
                return "each"
            report.error("CS306", "`*` stands alone in its brackets", entry.span, help="write `[*]`, or a list")
            return None
        values = range_of(entry, report)
        if values is None:
            return None
        found.append(values)
    return tuple(found)


def range_of(entry: Dims, report: Reporter) -> tuple[int, ...] | None:
    """The numbers of one entry, both ends included; None after an error."""
    low, high = entry.low.value, entry.high.value
    if low > high:
        report.error("CS113", f"the range `{low}..{high}` is empty", entry.span, help=f"write `{high}..{low}`")
        return None
    if high >= MAX_DIMS or low < 0:
        report.error(
            "CS306",
            f"{low if low < 0 else high} is no layer, dim or size of any network",
            entry.span,
            help="they count from 0; a range is written `0..3`",
        )
        return None
    return tuple(range(low, high + 1))


def union_of(index: Index, entries: Entries, report: Reporter, noun: str = "dim") -> tuple[int, ...] | None:
    """All numbers of the brackets in order, each once; None after an error."""
    seen: set[int] = set()
    for entry, values in zip(index.entries, entries, strict=True):
        again = seen.intersection(values)
        if again:
            report.error("CS306", f"{noun} {min(again)} is listed twice", entry.span, help=f"list each {noun} once")
            return None
        seen.update(values)
    return tuple(sorted(seen))


def report_alternatives(
    entries: Entries | Literal["each"], noun: str, span: Span, syntax: SiteSyntax, report: Reporter
) -> bool:
    """Several layers, several heads or `*` where one site is stated."""
    if entries != "each" and len(entries) == 1 and len(entries[0]) == 1:
        return False
    what = "`*` stands for alternatives" if entries == "each" else f"several {noun}s are alternatives"
    report.error("CS312", f"{what}, and one site is stated here", span, help=_each_by_itself(noun, syntax))
    return True


def _each_by_itself(noun: str, syntax: SiteSyntax) -> str:
    """How several sites are stated together, in the words of the one that was written."""
    name = syntax.component.text
    if noun == "dim":
        return "leave the dims out for the whole site, or list them, `[0..7]`, or search them with `in`"
    one, other = (f"{name}[0, 0]", f"{name}[0, 1]") if noun == "head" else (f"{name}[1]", f"{name}[2]")
    each = f"write each, in `at [{one}, {other}]` as one vector or in a circuit `{{ {one}, {other} }}`"
    dims = "" if noun == "head" else f"; dims follow the layer, `{name}[1][0..7]`"
    return f"{each}, or search them with `in`{dims}"


def _report_module(syntax: SiteSyntax, report: Reporter) -> None:
    """Parentheses belong to `module`, and to nothing else."""
    name = syntax.component.text
    if syntax.path is None:
        report.error(
            "CS306",
            "expected the dotted path of a module after `module`",
            syntax.component.span,
            help='write `module("model.layers.3.mlp") @ last`',
        )
    else:
        help = f"write `{name}[1]`" if COMPONENTS[name].layered else f"write `{name}`"
        report.error("CS306", f"`{name}` takes no path", syntax.path.span, help=help)
