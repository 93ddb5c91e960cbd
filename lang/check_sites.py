"""A site or a region as written -> a typed place: component, layers and dims."""

from typing import Literal

from .check_positions import SiteScope, check_positions
from .diagnostics import Span
from .not_built import COMPONENTS, not_built
from .places import Position, Region, Site
from .scope import Reporter
from .suggest import suggest
from .syntax.alignments import Dims, Index, SiteSyntax, Star

MAX_DIMS = 1_000_000

LAYERED = {"hidden": True, "resid": True, "logits": False}
"""The components that are built, and whether they have layers."""

Entries = tuple[tuple[int, ...], ...]
"""What stands in a pair of brackets: one tuple of numbers for each number or range."""


def check_site(syntax: SiteSyntax, scope: SiteScope, report: Reporter) -> Site | None:
    """One site (`at`): one layer, with its dims and positions taken together. None after an error."""
    indices = _split_indices(syntax, scope, report)
    if indices is None:
        return None
    layers, dims = indices
    layer: int | None = None
    if layers is not None:
        found = _entries(layers, report)
        if found is None or _report_alternatives(found, layers.span, report):
            return None
        layer = found[0][0]  # type: ignore[assignment]
    taken: tuple[int, ...] | None = None
    if dims is not None:
        entries = _entries(dims, report)
        if entries is None or (entries == "each" and _report_alternatives(entries, dims.span, report)):
            return None
        taken = _union(dims, entries, report)  # type: ignore[arg-type]
        if taken is None:
            return None
    positions = _positions_of(syntax, scope, searched=False, report=report)
    return None if positions is None else Site(syntax.component.text, layer, taken, positions, span=syntax.span)


def check_region(syntax: SiteSyntax, scope: SiteScope, report: Reporter) -> Region | None:
    """A region (`in`): every layer, every entry of dims and every position is an alternative. None after an error."""
    indices = _split_indices(syntax, scope, report)
    if indices is None:
        return None
    layer_index, dims_index = indices
    layers: tuple[int, ...] | None = ()
    if layer_index is not None:
        found = _entries(layer_index, report)
        if found is None:
            return None
        layers = None if found == "each" else _union(layer_index, found, report, "layer")
        if layers is None and found != "each":
            return None
    dims: Entries | Literal["each"] | None = None
    if dims_index is not None:
        dims = _entries(dims_index, report)
        if dims is None:
            return None
        if dims != "each" and len(set(dims)) < len(dims):
            again = next(e for i, e in enumerate(dims_index.entries) if dims[i] in dims[:i])
            report.error("CS306", "an alternative is listed twice", again.span, help="list each entry once")
            return None
    if isinstance(syntax.position, Star):
        return Region(syntax.component.text, layers, dims, None, span=syntax.span)
    positions = _positions_of(syntax, scope, searched=True, report=report)
    return None if positions is None else Region(syntax.component.text, layers, dims, positions, span=syntax.span)


def _positions_of(
    syntax: SiteSyntax, scope: SiteScope, searched: bool, report: Reporter
) -> tuple[Position, ...] | None:
    if isinstance(syntax.position, Star):
        report.error(
            "CS312",
            "`@ *` stands for alternatives, and `at` states one site",
            syntax.position.span,
            help="search them with `in`, or name the position",
        )
        return None
    if syntax.position is None:
        if syntax.component.text != "resid":
            return ()
        report.error(
            "CS315",
            "expected a position after a site of `resid`",
            syntax.span,
            help="write `@ last`, `@ 3` or `@ {x}` with an input" + (", or `@ *` to search them" if searched else ""),
        )
        return None
    return check_positions(syntax.position, scope, searched, report)


# --- brackets --------------------------------------------------------------------------------------------------------


def _split_indices(syntax: SiteSyntax, scope: SiteScope, report: Reporter) -> tuple[Index | None, Index | None] | None:
    """The brackets that hold layers and those that hold dims."""
    component = syntax.component.text
    if component in COMPONENTS:
        report.add(not_built(f"component `{component}`", syntax.component.span, COMPONENTS[component]))
        return None
    if component not in LAYERED:
        aligned = component in scope.variables
        report.error(
            "CS101",
            f"expected a site, found the unknown component `{component}`",
            syntax.component.span,
            help="use `hidden[i]`, `resid[i]` or `logits`"
            if aligned
            else suggest(component, [*LAYERED, *COMPONENTS], "components"),
            notes=[f"`{component}` is a variable of the model"] if aligned else [],
        )
        return None
    indices = list(syntax.indices)
    layers: Index | None = None
    if LAYERED[component]:
        if not indices:
            report.error(
                "CS306", f"expected a layer after `{component}`", syntax.component.span, help=f"write `{component}[1]`"
            )
            return None
        layers = indices.pop(0)
    if len(indices) > 1:
        report.error(
            "CS306",
            f"`{component}` takes no further index",
            indices[1].span,
            help="dims go in one pair of brackets: `hidden[1][0, 2, 5..7]`",
        )
        return None
    return layers, indices[0] if indices else None


def _entries(index: Index, report: Reporter) -> Entries | Literal["each"] | None:
    """What the brackets list, each entry with its numbers; `"each"` for `*`."""
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
    if high >= MAX_DIMS:
        report.error("CS306", f"{high} is no layer, dim or size of any network", entry.span, help="they count from 0")
        return None
    return tuple(range(low, high + 1))


def _union(index: Index, entries: Entries, report: Reporter, noun: str = "dim") -> tuple[int, ...] | None:
    """All numbers of the brackets in order, each once."""
    seen: set[int] = set()
    for entry, values in zip(index.entries, entries, strict=True):
        again = seen.intersection(values)
        if again:
            report.error("CS306", f"{noun} {min(again)} is listed twice", entry.span, help=f"list each {noun} once")
            return None
        seen.update(values)
    return tuple(sorted(seen))


def _report_alternatives(entries: Entries | Literal["each"], span: Span, report: Reporter) -> bool:
    """Several layers or `*` where one site is stated."""
    if entries != "each" and len(entries) == 1 and len(entries[0]) == 1:
        return False
    what = "`*` stands for alternatives" if entries == "each" else "several layers are alternatives"
    report.error(
        "CS312",
        f"{what}, and `at` states one site",
        span,
        help="search them with `in`; dims follow the layer, `hidden[1][0..7]`",
    )
    return True
