"""An alignment as written -> typed placements: sites, maps and blocks that are consistent among themselves."""

from dataclasses import dataclass
from math import inf

from .check_models import CheckedModel, descendants
from .check_recipes import find_recipe
from .check_settings import check_fit
from .diagnostics import Label
from .not_built import COMPONENTS, FAMILIES, not_built
from .program import IDENTITY, Alignment, Family, FitSettings, Placement, Site, show_dims
from .scope import AlignmentView, Names, Reporter, Signature, report_repeated
from .suggest import suggest
from .syntax import AlignSyntax, FamilySyntax, ForSyntax, Index, Integer, Name, SiteSyntax

MAX_DIMS = 1_000_000


@dataclass(frozen=True)
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
    placements = _Placer(syntax, checked, task, report).check()
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
        syntax.network.text,
        tuple(placement.variable for placement in placements),
        frozenset(placement.variable for placement in placements if placement.learned),
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

    def __init__(
        self, syntax: AlignSyntax, checked: CheckedModel | None, task: Signature | None, report: Reporter
    ) -> None:
        self.syntax = syntax
        self.checked = checked
        self.task = task
        self.report = report

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
            if isinstance(line, ForSyntax):
                self.report.add(not_built("`for` in an alignment", line.variable.span, "write each line out"))
                complete = False
                continue
            site = self._site(line.site)
            family = self._family(line.family) if line.family is not None else (IDENTITY, None)
            for name in line.names:
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
                if not self._is_variable(name) or site is None or family is None:
                    complete = False
                    continue
                size_span = line.site.span
                if line.family is not None and line.family.size is not None:
                    size_span = line.family.size.span
                placements.append(
                    Placement(name.text, site, family[0], (family[1],), number, span=name.span, size_span=size_span)
                )
        self._check_blocks(placements)
        self._check_order(placements)
        return placements if complete else None

    def _is_variable(self, name: Name) -> bool:
        if self.checked is None:
            return False
        if name.text in self.checked.families:
            return self._is_one_variable(name)
        if name.text in self.checked.variables:
            return True
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
        if self.checked.model is None:
            return False
        if name.text in self.checked.model.families:
            return True
        read = set(self.checked.families[name.text].members)
        below = descendants(self.checked.model)
        reads = any(below[member] & read for member in read)
        self.report.error(
            "CS314",
            f"the family `{name.text}` is not one variable: "
            + ("its members read each other" if reads else "its members have more than 2^62 values together"),
            name.span,
            help=f"place its members one by one, {self.checked.families[name.text].text}",
        )
        return False

    # --- sites and families

    def _site(self, site: SiteSyntax) -> Site | None:
        component = site.component.text
        if component in COMPONENTS:
            self.report.add(not_built(f"component `{component}`", site.component.span, COMPONENTS[component]))
            return None
        if component not in ("hidden", "logits"):
            aligned = self.checked is not None and component in self.checked.variables
            notes = [f"`{component}` is a variable of the model"] if aligned else []
            self.report.error(
                "CS101",
                f"expected a site, found the unknown component `{component}`",
                site.component.span,
                help=suggest(component, ["hidden", "logits", *COMPONENTS], "components")
                if not notes
                else "use `hidden[i]` or `logits`",
                notes=notes,
            )
            return None
        indices = list(site.indices)
        layer: int | None = None
        if component == "hidden":
            layer = self._layer(site, indices)
            if layer is None:
                return None
            indices.pop(0)
        if len(indices) > 1:
            self.report.error(
                "CS306",
                f"`{component}` takes no further index",
                indices[1].span,
                help="dims go in one pair of brackets: `hidden[1][0, 2, 5..7]`",
            )
            return None
        dims = self._dims(indices[0]) if indices else None
        if indices and dims is None:
            return None
        return Site(component, layer, dims, span=site.span)

    def _layer(self, site: SiteSyntax, indices: list[Index]) -> int | None:
        if not indices:
            self.report.error("CS306", "expected a layer after `hidden`", site.span, help="write `hidden[1]`")
            return None
        numbers = indices[0].dims
        if len(numbers) > 1 or numbers[0].low.value != numbers[0].high.value:
            self.report.error(
                "CS306",
                "expected one layer in the first brackets of `hidden`",
                indices[0].span,
                help="layer first, then dims: `hidden[1][0..7]`",
            )
            return None
        return numbers[0].low.value

    def _dims(self, index: Index) -> tuple[int, ...] | None:
        dims: set[int] = set()
        for part in index.dims:
            low, high = part.low.value, part.high.value
            if low > high:
                self.report.error(
                    "CS113", f"the range `{low}..{high}` is empty", part.span, help=f"write `{high}..{low}`"
                )
                return None
            if high >= MAX_DIMS:
                self.report.error("CS306", f"no site has dim {high}", part.span, help="dims count from 0")
                return None
            again = sorted(dims.intersection(range(low, high + 1)))
            if again:
                self.report.error("CS306", f"dim {again[0]} is listed twice", part.span, help="list each dim once")
                return None
            dims.update(range(low, high + 1))
        return tuple(sorted(dims))

    def _family(self, family: FamilySyntax) -> tuple[Family, int | None] | None:
        name = family.name.text
        if name in FAMILIES:
            self.report.add(not_built(f"family `{name}`", family.name.span, FAMILIES[name]))
            return None
        if name not in ("identity", "rotation"):
            self.report.error(
                "CS101",
                f"expected a family of maps, found the unknown name `{name}`",
                family.name.span,
                help=suggest(name, ["identity", "rotation", *FAMILIES], "families"),
            )
            return None
        if family.arguments is not None:
            self.report.error(
                "CS307",
                f"`{name}` takes no arguments",
                family.name.span,
                help="its size is written `size 4`" if name == "rotation" else f"write `via {name}`",
            )
            return None
        size = family.size
        if isinstance(size, Name):
            if size.text == "learned":
                self.report.add(not_built("`size learned`", size.span, "state the size: `size 4`"))
            else:
                self.report.error(
                    "CS313", f"expected a number of dims, found `{size.text}`", size.span, help="write `size 4`"
                )
            return None
        if name == "identity" and size is not None:
            help = "name the dims in the site: `hidden[1][0..3]`"
            self.report.add(not_built("`identity` with a size", size.span, help))
            return None
        if isinstance(size, Integer) and size.value < 1:
            self.report.error("CS313", "expected a size of at least 1, found 0", size.span, help="write `size 4`")
            return None
        found = Family("rotation") if name == "rotation" else IDENTITY
        return found, size.value if size is not None else None

    # --- blocks and order

    def _check_blocks(self, placements: list[Placement]) -> None:
        """Variables at one place share one rotation, in disjoint blocks that fit; all others are disjoint."""
        clashing: set[int] = set()
        for later, placement in enumerate(placements):
            for other in placements[:later]:
                if self._report_clash(other, placement):
                    clashing.add(later)
                    break
        frames: dict[tuple[str, int | None, tuple[int, ...] | None], list[Placement]] = {}
        for index, placement in enumerate(placements):
            if index not in clashing:
                site = placement.site
                frames.setdefault((site.component, site.layer, site.dims), []).append(placement)
        for (_, _, dims), frame in frames.items():
            total = sum(placement.size or 0 for placement in frame)
            if dims is not None and total > len(dims):
                last = frame[-1]
                taken = " + ".join(str(placement.size) for placement in frame)
                self.report.error(
                    "CS304",
                    f"the blocks at `{last.site.text}` need {taken}{f' = {total}' if len(frame) > 1 else ''} dims, "
                    f"it has {len(dims)}",
                    last.size_span,
                    help="make the blocks smaller or the site larger",
                )

    def _report_clash(self, first: Placement, second: Placement) -> bool:
        a, b = first.site, second.site
        if (a.component, a.layer) != (b.component, b.layer):
            return False
        if a.dims is not None and b.dims is not None and not set(a.dims) & set(b.dims):
            return False
        if a.dims == b.dims and first.family.name == second.family.name == "rotation":
            if first.size is not None and second.size is not None:
                return False
            whole = first if first.size is None else second
            self.report.error(
                "CS303",
                f"`{whole.variable}` takes all of `{whole.site.text}`, and `{first.variable}` and "
                f"`{second.variable}` share it",
                second.span,
                "no dims are left for this one" if whole is first else "this one has no `size`",
                related=[Label(first.span, "this one has no `size`" if whole is first else "it shares the site with")],
                help="give each of them a size: `via rotation size 4`",
            )
            return True
        if a.dims == b.dims or a.dims is None or b.dims is None:
            shared = f"`{(b if a.dims is None else a).text}`"
        else:
            common = tuple(sorted(set(a.dims) & set(b.dims)))
            shared = f"dims {show_dims(common)} of `{Site(a.component, a.layer).text}`"
        self.report.error(
            "CS302",
            f"`{first.variable}` and `{second.variable}` overlap at {shared}",
            b.span if b.span != a.span else second.span,
            f"`{second.variable}` is here",
            related=[Label(a.span if b.span != a.span else first.span, f"`{first.variable}` is here")],
            help="give them disjoint dims, or let them share one `rotation` with a `size` each",
        )
        return True

    def _check_order(self, placements: list[Placement]) -> None:
        if self.checked is None or self.checked.model is None:
            return
        below = descendants(self.checked.model)
        for child in placements:
            for parent in placements:
                if child.variable not in below[parent.variable] or _depth(child.site) > _depth(parent.site):
                    continue
                same = _depth(child.site) == _depth(parent.site)
                self.report.error(
                    "CS305",
                    f"a child at its parent's site: `{child.variable}` depends on `{parent.variable}`, and `"
                    f"{child.site.text}` is {'not later than' if same else 'earlier than'} `{parent.site.text}`",
                    child.span,
                    f"depends on `{parent.variable}`",
                    related=[Label(parent.span, "the parent")],
                    help=f"place `{child.variable}` in a later layer, or leave it out",
                )
                break


def _depth(site: Site) -> float:
    return inf if site.layer is None else site.layer
