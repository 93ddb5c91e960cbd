"""An alignment as written -> typed placements: sites, regions, maps and blocks that are consistent among themselves."""

from dataclasses import replace

from ...diagnostics import Label
from ...domains import Domain
from ...places import IDENTITY, Placement, Region, Site
from ...program import Alignment, FitSettings
from ...record import record
from ...scope import AlignmentView, Names, Reporter, Signature, report_repeated
from ...syntax.alignments import AlignSyntax, InnerSiteSyntax, PlacementSyntax
from ...syntax.leaves import Name
from ...unroll.static_index import indexed_name
from ..models.model import CheckedModel
from ..networks.positions import SiteScope
from ..networks.sites import check_region, check_site
from ..pairs.find_recipe import find_recipe
from ..settings import check_fit
from .alignable import is_alignable
from .blocks import check_blocks
from .inner_sites import check_inner_site
from .join_members import join_members
from .maps import CheckedMap, check_map, check_two_values, report_several_sizes
from .order import check_order

MAX_VARIABLES = 10
"""Variables of an alignment: a mean is over all of their sets, and so are the items that maps are fitted on."""


@record
class CheckedAlignment:
    """An alignment, if all of it is right, and what claims may know of it in any case (None: nothing)."""

    alignment: Alignment | None
    view: AlignmentView | None


def check_alignment(
    syntax: AlignSyntax, names: Names, models: dict[str, CheckedModel], model_tasks: dict[str, str], report: Reporter
) -> CheckedAlignment:
    """`models` and `model_tasks` hold every model whose declaration could be read."""
    errors = report.errors
    names.find(names.models, syntax.model)
    checked = models.get(syntax.model.text)
    task = names.tasks.entries.get(model_tasks.get(syntax.model.text, ""))
    network = names.find(names.networks, syntax.network)
    placements = _Placer(syntax, checked, task, names).check()
    fit = _check_fits(syntax, report)
    pairs, pairs_known = None, False
    if syntax.model.text in model_tasks:
        recipe = find_recipe(syntax.over, model_tasks[syntax.model.text], names, syntax.name.span, report)
        pairs, pairs_known = recipe.name, recipe.known
    if placements is None or syntax.model.text not in model_tasks:
        return CheckedAlignment(None, None)
    view = AlignmentView(
        syntax.name.text,
        model_tasks[syntax.model.text],
        syntax.model.text,
        syntax.network.text,
        tuple(placements),
        pairs,
        pairs_known,
    )
    intact = report.errors == errors and checked is not None and checked.model is not None
    if not intact or network is None or fit is None or not pairs_known:
        return CheckedAlignment(None, view)
    alignment = Alignment(
        syntax.name.text,
        syntax.model.text,
        syntax.network.text,
        tuple(placements),
        fit,
        pairs,
        syntax.doc,
        syntax.name.span,
    )
    return CheckedAlignment(alignment, view)


def _check_fits(syntax: AlignSyntax, report: Reporter) -> FitSettings | None:
    if not syntax.fits:
        return FitSettings()
    first, *more = syntax.fits
    for again in more:
        report_repeated(report, "`fit`", again.span, first.span)
    return check_fit(first, report)


class _Placer:
    """Places the variables of one alignment."""

    def __init__(self, syntax: AlignSyntax, checked: CheckedModel | None, task: Signature | None, names: Names) -> None:
        self.syntax = syntax
        self.checked = checked
        self.names = names
        self.report = names.report
        self.task = task
        slots = task.slots if task is not None and task.complete else None
        prompted = task is not None and task.prompted
        variables = tuple(checked.variables) if checked is not None else ()
        network = names.networks.entries.get(syntax.network.text)
        self.scope = SiteScope(slots, variables, prompted, network.loader if network is not None else None)

    def check(self) -> list[Placement] | None:
        """The placements; None if some could not be made out, so that nothing more is known."""
        if not self.syntax.placements:
            self.report.error(
                "CS308",
                f"alignment `{self.syntax.name.text}` places no variable",
                self.syntax.name.span,
                help="add a line such as `x at hidden[1] via rotation size 4`",
            )
            return None
        placed: dict[str, Name] = {}
        placements: list[Placement] = []
        complete = True
        for number, line in enumerate(self.syntax.placements):
            assert isinstance(line, PlacementSyntax), "loops are unrolled"
            place = self._place(line)
            found = self._map(line)
            for variable in line.variables:
                name = indexed_name(variable, self.report)
                if name is None:
                    complete = False
                    continue
                if name.text in placed:
                    self.report.error(
                        "CS300",
                        f"variable `{name.text}` is placed twice",
                        name.span,
                        "again here",
                        related=[Label(placed[name.text].span, "first here")],
                        help="a variable has one place",
                    )
                    continue
                placed[name.text] = name
                placement = None
                known = is_alignable(name, self.syntax.model.text, self.checked, self.task, self.report)
                if known and place is not None and found is not None:
                    placement = self._placement(name, place, found, line, number)
                if placement is None:
                    complete = False
                else:
                    placements.append(placement)
        placements = join_members(placements, self._families(), [line.span for line in self.syntax.placements])
        if len(placements) > MAX_VARIABLES:
            self.report.error(
                "CS319",
                f"`{self.syntax.name.text}` places {len(placements)} variables, which have "
                f"{f'{2 ** len(placements) - 1:,}' if len(placements) < 60 else 'too many'} sets to be interchanged",
                placements[MAX_VARIABLES].span,
                "the first that is too many",
                help=f"place at most {MAX_VARIABLES}: divide them among several alignments",
            )
            return None
        views = self.names.alignments.entries
        check_blocks(placements, views, self.report)
        if self.checked is not None and self.checked.model is not None:
            check_order(placements, self.checked.model, views, self.report)
        return placements if complete else None

    def _placement(
        self, name: Name, place: Site | Region, found: CheckedMap, line: PlacementSyntax, number: int
    ) -> Placement | None:
        """One variable's placement; of a family, one site for each member."""
        members = self._families().get(name.text, ())
        if found.family.name == "difference" and not check_two_values(
            self._domains(members or (name.text,)), found.span, self.report
        ):
            return None
        sites: tuple[Site, ...] = ()
        if members:
            if isinstance(place, Site) and (place.inside is not None or place.joined):
                self.report.error(
                    "CS317",
                    f"the members of `{name.text}` need a block each, and `{place.text}` is one",
                    line.place.span,
                    help="place the family at a site of its own",
                )
                return None
            for part in place.parts if isinstance(place, Region) else (place,):
                if part.positions is None or len(part.positions) != len(members):
                    found_there = "`*`" if part.positions is None else str(len(part.positions))
                    self.report.error(
                        "CS316",
                        f"expected {len(members)} positions, one for each member of `{name.text}`, found {found_there}",
                        part.span,
                        help="name an input's family, `@ {x}`, or list the positions in order",
                    )
                    return None
            if isinstance(place, Region):
                others = tuple(replace(other, memberwise=True) for other in place.others)
                place = replace(place, memberwise=True, others=others)
            else:
                sites = tuple(replace(place, positions=(position,)) for position in place.positions)
        size_span = found.span if line.family is not None and line.family.sizes is not None else line.place.span
        return Placement(
            name.text, place, found.family, found.sizes or (None,), number, sites, span=name.span, size_span=size_span
        )

    def _families(self) -> dict[str, tuple[str, ...]]:
        """The families that are one variable each, with their members."""
        model = self.checked.model if self.checked is not None else None
        return model.families if model is not None else {}

    def _domains(self, variables: tuple[str, ...]) -> dict[str, Domain | None]:
        assert self.checked is not None
        return {variable: self.checked.variables.get(variable) for variable in variables}

    # --- places and maps

    def _place(self, line: PlacementSyntax) -> Site | Region | None:
        if isinstance(line.place, InnerSiteSyntax):
            return check_inner_site(line.place, self.syntax, line.searched, self.names)
        check = check_region if line.searched else check_site
        return check(line.place, self.scope, self.report)

    def _map(self, line: PlacementSyntax) -> CheckedMap | None:
        if line.family is None:
            return CheckedMap(IDENTITY, (), line.place.span)
        found = check_map(line.family, self.report)
        if found is not None and not line.searched and report_several_sizes(found.sizes, found.span, self.report):
            return None
        return found
