"""An alignment as written -> typed placements: sites, regions, maps and blocks that are consistent among themselves."""

from dataclasses import replace

from ..descent import descendants
from ..diagnostics import Label
from ..domains import Domain
from ..families import family_name
from ..places import IDENTITY, Placement, Region, Site
from ..program import Alignment, FitSettings
from ..record import record
from ..scope import AlignmentView, Names, Reporter, Signature, report_repeated
from ..sites.components import COMPONENTS
from ..suggest import suggest
from ..syntax.alignments import AlignSyntax, InnerSiteSyntax, PlacementSyntax
from ..syntax.leaves import Name
from ..unroll.static_index import indexed_name, report_no_member
from ..words.borrowed import is_foreign_site, show_site
from .blocks import check_blocks
from .find_recipe import find_recipe
from .join_members import join_members
from .maps import CheckedMap, check_map, check_two_values, report_several_sizes
from .models import CheckedModel
from .order import check_order
from .positions import SiteScope
from .settings import check_fit
from .sites import check_region, check_site

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
                if self._is_variable(name) and place is not None and found is not None:
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

    def _is_variable(self, name: Name) -> bool:
        if self.checked is None:
            return False
        if name.text in self.checked.families and self.checked.model is not None:
            return self._is_one_variable(name)
        if name.text in self.checked.variables:
            return True
        if family_name(name.text) in self.checked.families:
            report_no_member(name, self.checked.families[family_name(name.text)], self.report)
            return False
        if self.task is None:
            return False
        if name.text in self.task.inputs:
            self.report.error(
                "CS301",
                f"`{name.text}` is an input; only variables of model `{self.syntax.model.text}` are aligned",
                name.span,
                help=f"give it an equation in the model, `{name.text}_read = {name.text}`, and align that",
            )
        else:
            self.report.error(
                "CS101",
                f"expected a variable of model `{self.syntax.model.text}`, found the unknown name `{name.text}`",
                name.span,
                "not declared",
                help=suggest(name.text, self.checked.variables, "variables"),
            )
        return False

    def _is_one_variable(self, name: Name) -> bool:
        """Whether a family can be set as a whole; where it cannot, its members can be placed one by one."""
        assert self.checked is not None
        model, family = self.checked.model, self.checked.families[name.text]
        if model is None or name.text in model.families:
            return model is not None
        below = descendants(model)
        read_each_other = any(below[member] & set(family.members) for member in family.members)
        self.report.error(
            "CS318",
            f"the members of `{name.text}` "
            + ("read each other" if read_each_other else "have more than 2^62 values together")
            + ", so that they are no one variable",
            name.span,
            help=f"place them one by one, {family.text}" + (", each later than what it reads" * read_each_other),
        )
        return False

    # --- places and maps

    def _place(self, line: PlacementSyntax) -> Site | Region | None:
        if isinstance(line.place, InnerSiteSyntax):
            return self._inner(line.place, line)
        check = check_region if line.searched else check_site
        return check(line.place, self.scope, self.report)

    def _map(self, line: PlacementSyntax) -> CheckedMap | None:
        if line.family is None:
            return CheckedMap(IDENTITY, (), line.place.span)
        found = check_map(line.family, self.report)
        if found is not None and not line.searched and report_several_sizes(found.sizes, found.span, self.report):
            return None
        return found

    def _inner(self, syntax: InnerSiteSyntax, line: PlacementSyntax) -> Site | None:
        """The block of a variable of another alignment: one of this network, declared before, at a stated site."""
        report, alignment = self.report, syntax.alignment.text
        variable = indexed_name(syntax.variable, report)
        if line.searched:
            report.error("CS317", "a block of another alignment is one site", syntax.span, help="state it with `at`")
            return None
        declared = self.names.alignments.spans.get(alignment)
        if declared is not None and declared.start >= self.syntax.name.span.start:
            report.error(
                "CS317",
                f"`{self.syntax.name.text}` cannot lie inside "
                + ("itself" if declared == self.syntax.name.span else f"`{alignment}`, which is declared after it"),
                syntax.span,
                help="an alignment lies inside blocks of alignments that are declared before it",
            )
            return None
        if variable is None:
            return None
        view = self.names.find(self.names.alignments, syntax.alignment, _help_path(alignment, variable.text))
        if view is None:
            return None
        if view.network != self.syntax.network.text:
            report.error(
                "CS317",
                f"`{alignment}` places its variables in `{view.network}`, not in `{self.syntax.network.text}`",
                syntax.span,
                help="lie inside an alignment of the same network",
            )
            return None
        outer = next((placement for placement in view.placements if placement.variable == variable.text), None)
        if outer is None:
            report.error(
                "CS417",
                f"alignment `{alignment}` does not place `{variable.text}`",
                variable.span,
                help=suggest(variable.text, view.placed, "variables"),
            )
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
