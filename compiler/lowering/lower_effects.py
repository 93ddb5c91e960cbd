"""From effects and means to terms: which runs are compared, and what is set, held and passed through in them."""

from collections.abc import Iterator
from fractions import Fraction

from ...lang.circuits import TopSites
from ...lang.effects import (
    CandidateSubject,
    CircuitSubject,
    Effect,
    InputSubject,
    Mean,
    MeanOf,
    MetricTarget,
    OnSource,
    OutputTarget,
    RestSubject,
    Setting,
    SiteSubject,
    Subject,
    Taken,
    Target,
    VariablesSubject,
    VariableTarget,
)
from ...lang.effects import Noise as NoiseValue
from ...lang.effects import Value as SetValue
from ...lang.places import Region, Site
from ...lang.program import Program
from ..terms import (
    Amount,
    Apart,
    Assignment,
    Candidate,
    Cell,
    CodeOf,
    Differ,
    Expectation,
    Found,
    Gain,
    Handle,
    Here,
    MeanOver,
    MetricOf,
    NetworkWorld,
    Noise,
    Number,
    OutputOf,
    Plus,
    Query,
    RandomCells,
    RandomVector,
    Resampled,
    Rest,
    Run,
    Value,
    ValueOf,
)

BASE, SOURCE = 0, 1


def lower_effect(program: Program, effect: Effect) -> Expectation:
    """The mean of after minus before; for `change` the mean of how far the two runs are apart."""
    lowering = _Lowering(program, effect)
    after = lowering.query(effect.target, lowering.after())
    before = lowering.query(effect.target, Run(lowering.world, BASE))
    population = f"bases and sources of {_pairs_text(effect.pairs)}"
    if effect.kind == "effect":
        return Expectation(Gain(after, before), population)
    far = Apart(after, before) if isinstance(effect.target, MetricTarget) else Differ(after, before)
    return Expectation(far, population)


def aligned_names(effect: Effect) -> tuple[str, ...]:
    """The alignments whose variables an effect sets, holds, takes values of, leaves out of a rest, or reads."""
    found = [s.alignment for s in effect.things if isinstance(s, VariablesSubject)]
    found += [s.of for s in effect.things if isinstance(s, RestSubject) and s.kind == "alignment"]
    found += [effect.target.alignment] if isinstance(effect.target, VariableTarget) else []
    return tuple(dict.fromkeys(found))


def handle_of(alignment: str, variable: str, named: tuple[str, ...]) -> str:
    """A variable by its name, with the alignment's before it where the effect has `named` several."""
    return variable if len(named) == 1 else f"{alignment}.{variable}"


def lower_mean(mean: Mean) -> Expectation:
    """The mean of a metric over bases."""
    run = Run(NetworkWorld(mean.network, random=mean.random), BASE)
    return Expectation(Amount(MetricOf(mean.metric, run)), f"inputs of {_pairs_text(mean.pairs)}")


class _Lowering:
    """One effect in one world; draws are numbered in the order in which they are met."""

    def __init__(self, program: Program, effect: Effect) -> None:
        self.program, self.effect = program, effect
        read = (effect.target,) if isinstance(effect.target, VariableTarget) else ()
        set_ = [subject for subject in effect.things if isinstance(subject, VariablesSubject)]
        self.alignments = tuple(dict.fromkeys(thing.alignment for thing in (*set_, *read)))
        only = self.alignments[0] if len(self.alignments) == 1 else None
        self.named = aligned_names(effect)
        self.world = NetworkWorld(effect.network, only, effect.random)
        self.draws = 0
        self.random: dict[Subject, int] = {}
        """The draw of each random circuit: however often an effect names one, it is the same."""

    def after(self) -> Run:
        """The run in which everything is set, held and passed through."""
        held = tuple(self.held())
        made = tuple(assignment for setting in self.effect.settings for assignment in self.made(setting))
        if not self.effect.through:
            return Run(self.world, BASE, (*made, *held))
        inner = Run(self.world, BASE, (*made, *held))
        passed = tuple(
            Assignment(handle, ValueOf(handle, inner)) for s in self.effect.through for handle in self.handles(s)
        )
        return Run(self.world, BASE, (*passed, *held))

    def held(self) -> Iterator[Assignment]:
        """What keeps its value on the base."""
        base = Run(self.world, BASE)
        for subject in self.effect.given:
            for handle in self.handles(subject):
                yield Assignment(handle, ValueOf(handle, base))
        if self.effect.rest:
            rest = self.everything_else()
            yield Assignment(rest, ValueOf(rest, base))

    def everything_else(self) -> Rest:
        """All but what is set and what is read."""
        subjects: list[Subject] = [setting.subject for setting in self.effect.settings]
        if isinstance(self.effect.target, VariableTarget):
            subjects.append(VariablesSubject(self.effect.target.alignment, (self.effect.target.variable,)))
        name = ", ".join(subject.text for subject in subjects)
        return Rest(name, tuple(handle for subject in subjects for handle in self.handles(subject)))

    def made(self, setting: Setting) -> Iterator[Assignment]:
        """What is set, handle by handle."""
        for index, handle in enumerate(self.handles(setting.subject)):
            if setting.turned:
                assert setting.added is not None
                vector = self.total(setting.added, handle, index)
                yield Assignment(handle, Plus(Here(handle), Fraction(1), RandomVector(vector, self.draw())))
                continue
            yield Assignment(handle, self.value(setting.value, setting.subject, handle, index))

    def query(self, target: Target, run: Run) -> Query:
        """What is read from a run."""
        match target:
            case MetricTarget(name=name):
                return MetricOf(name, run)
            case OutputTarget(name=name):
                return OutputOf(name, run)
            case VariableTarget(alignment=alignment, variable=variable):
                return ValueOf(self.variable(alignment, variable), run)

    # --- handles

    def handles(self, subject: Subject) -> tuple[Handle, ...]:
        """What a subject stands for: one handle, or several that are set together."""
        match subject:
            case InputSubject(name=name, members=members):
                return members or (name,)
            case SiteSubject(site=site, random=random):
                return self.drawn(subject, site.text, (Cell(site.text),)) if random else (Cell(site.text),)
            case VariablesSubject(alignment=alignment, variables=variables):
                return tuple(self.variable(alignment, variable) for variable in variables)
            case CircuitSubject(circuit=name, random=random):
                found = self.circuit(name)
                return self.drawn(subject, name, found) if random else found
            case RestSubject(of=name, kind="circuit"):
                return (Rest(name, self.circuit(name)),)
            case RestSubject(of=name):
                placed = self.program.alignments[name].placements
                return (Rest(name, tuple(self.variable(name, p.variable) for p in placed)),)
            case CandidateSubject():
                return (Candidate(),)

    def drawn(self, subject: Subject, name: str, of: tuple[Handle, ...]) -> tuple[Handle, ...]:
        """A random circuit like some cells."""
        if subject not in self.random:
            self.random[subject] = self.draw()
        return (RandomCells(name, of, self.random[subject]),)

    def circuit(self, name: str) -> tuple[Handle, ...]:
        """The cells of a circuit, or the search that finds them."""
        sites = self.program.circuits[name].sites
        if isinstance(sites, TopSites):
            return (Found(name, sites.count, sites.region.text, lower_effect(self.program, sites.score)),)
        return tuple(Cell(site.text) for site in sites)

    def variable(self, alignment: str, variable: str) -> str:
        """A variable as the effect names it."""
        return handle_of(alignment, variable, self.named)

    # --- values

    def value(self, value: SetValue, subject: Subject, handle: Handle, index: int) -> Value:
        """What the `index`-th handle of a subject becomes."""
        if not value.portions and isinstance(subject, VariablesSubject | InputSubject):
            assert isinstance(handle, str)
            return CodeOf(handle, int(Fraction(*value.constant)) - self.low(subject, handle))
        return self.total(value, handle, index)

    def total(self, value: SetValue, handle: Handle, index: int) -> Value:
        """A sum of portions and a number, which is added to every unit: it is no value of a variable."""
        constant = Fraction(*value.constant)
        if not value.portions:
            return Number(constant)
        total: Value | None = Number(constant) if constant else None
        for portion in value.portions:
            factor, part = Fraction(*portion.factor), self.part(portion.value, handle, index)
            total = part if total is None and factor == 1 else Plus(total, factor, part)
        assert total is not None
        return total

    def low(self, subject: VariablesSubject | InputSubject, handle: str) -> int:
        """The least value of what a handle names."""
        if isinstance(subject, InputSubject):
            inputs = self.program.tasks[self.effect.task].inputs
            return next(declared.domain.low for declared in inputs if declared.name == handle)
        mechanisms = self.program.models[self.program.alignments[subject.alignment].model].mechanisms
        variable = handle.removeprefix(f"{subject.alignment}.")
        return next(mechanism.domain.low for mechanism in mechanisms if mechanism.name == variable)

    def part(self, value: OnSource | MeanOf | Taken | NoiseValue, handle: Handle, index: int) -> Value:
        """One portion of a value. A thing of several handles is taken handle by handle, in their order."""
        match value:
            case OnSource(shuffled=True):
                return Resampled(handle, self.draw())
            case OnSource():
                return ValueOf(handle, Run(self.world, SOURCE))
            case MeanOf(subject=subject):
                return MeanOver(self.same(subject, handle, index))
            case Taken(subject=subject, network=None):
                return Here(self.same(subject, handle, index))
            case Taken(subject=subject, network=network, random=random):
                assert network is not None
                other = NetworkWorld(network, self.world.alignment, random)
                return ValueOf(self.same(subject, handle, index), Run(other, BASE))
            case NoiseValue(sigma=sigma):
                return Noise(Fraction(*sigma), self.draw())

    def same(self, subject: Subject, handle: Handle, index: int) -> Handle:
        """The handle of a subject that a value is taken of: the one that is set, else the one in the same place."""
        handles = self.handles(subject)
        return handle if handle in handles else handles[min(index, len(handles) - 1)]

    def draw(self) -> int:
        """The number of the next draw."""
        self.draws += 1
        return self.draws


def sites_of(program: Program, effect: Effect) -> tuple[Site, ...]:
    """Every site that an effect sets, holds, passes through or takes a value of, those of stated circuits too."""
    return tuple(site for subject in effect.things for site in sites_of_subject(program, subject))


def stated_places(program: Program, subject: Subject) -> tuple[Site | Region, ...]:
    """The sites of a thing, and those of aligned variables or the regions that they are searched in."""
    if not isinstance(subject, VariablesSubject):
        return sites_of_subject(program, subject)
    placed = [p for p in program.alignments[subject.alignment].placements if p.variable in subject.variables]
    return tuple(place for each in placed for place in each.members or (each.place,))


def sites_of_subject(program: Program, subject: Subject) -> tuple[Site, ...]:
    """The sites that a subject states."""
    if isinstance(subject, SiteSubject):
        return (subject.site,)
    if isinstance(subject, CircuitSubject) or (isinstance(subject, RestSubject) and subject.kind == "circuit"):
        subject = subject if isinstance(subject, CircuitSubject) else CircuitSubject(subject.of)
        sites = program.circuits[subject.circuit].sites
        return sites if isinstance(sites, tuple) else ()
    return ()


def _pairs_text(pairs: str | None) -> str:
    return "pairs defaults" if pairs is None else f"pairs {pairs}"
