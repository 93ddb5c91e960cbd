"""A place inside the block of a variable of another alignment, as written -> the site of that block."""

from ...diagnostics import Label
from ...families import family_name
from ...places import Region, Site
from ...scope import Names, report_not_placed
from ...sites.components import COMPONENTS
from ...syntax.alignments import AlignSyntax, InnerSiteSyntax
from ...unroll.static_index import indexed_name
from ...words.borrowed import is_foreign_site, show_site


def check_inner_site(syntax: InnerSiteSyntax, around: AlignSyntax, searched: bool, names: Names) -> Site | None:
    """The block of a variable of another alignment: one of this network, declared before, at a stated site."""
    report, alignment = names.report, syntax.alignment.text
    variable = indexed_name(syntax.variable, report)
    if searched:
        report.error("CS317", "a block of another alignment is one site", syntax.span, help="state it with `at`")
        return None
    declared = names.alignments.spans.get(alignment)
    if declared is not None and declared.start >= around.name.span.start:
        report.error(
            "CS317",
            f"`{around.name.text}` cannot lie inside "
            + ("itself" if declared == around.name.span else f"`{alignment}`, which is declared after it"),
            syntax.span,
            help="an alignment lies inside blocks of alignments that are declared before it",
        )
        return None
    if variable is None:
        return None
    view = names.find(names.alignments, syntax.alignment, _help_path(alignment, variable.text))
    if view is None:
        return None
    if view.network != around.network.text:
        report.error(
            "CS317",
            f"`{alignment}` places its variables in `{view.network}`, not in `{around.network.text}`",
            syntax.span,
            help="lie inside an alignment of the same network",
        )
        return None
    outer = next((placement for placement in view.placements if placement.variable == variable.text), None)
    if outer is None:
        report_not_placed(view, variable, report)
        return None
    if isinstance(outer.place, Region) or outer.members:
        problem = "its site is searched for" if isinstance(outer.place, Region) else "it is a family"
        report.error(
            "CS317",
            f"`{syntax.alignment.text}.{variable.text}` has no one block: {problem}",
            syntax.span,
            related=[Label(outer.span, "placed here")],
            help="lie inside a variable whose one site is stated with `at`",
        )
        return None
    site = outer.place
    return Site(site.component, site.layer, None, site.positions, (alignment, variable.text), span=syntax.span)


def _help_path(alignment: str, variable: str) -> str:
    """What is meant by a dotted path that starts with no alignment, "" where that is not known."""
    first = family_name(alignment)
    if first in COMPONENTS:
        return f"nothing follows a site but its dims and its position: `{alignment}`"
    return show_site(f"{alignment}.{variable}") if is_foreign_site(first) else ""
