"""An effect as written -> typed: in which task and network, what is set, held and read, and its bounds."""

from typing import Literal, cast

from ...diagnostics import Label, Span
from ...effects import (
    CandidateSubject,
    Effect,
    Setting,
    Subject,
    Target,
    VariablesSubject,
    VariableTarget,
)
from ...exact import exact
from ...scope import Names, Signature
from ...syntax.effects import (
    EffectSyntax,
    GivenSyntax,
    SettingSyntax,
    SubjectSyntax,
    ThingSyntax,
    WrappedSyntax,
)
from ..networks.reference import NetworkMeant
from ..pairs.find_recipe import Recipe, find_recipe
from .find_measured import find_measured_network, find_one_task, find_tasks, is_over_repeated
from .overlap import comes_before, share_units
from .targets import Bounds, change_bounds, check_target, effect_bounds, is_known, may_read
from .thing_scope import ThingScope, whole_name
from .things import check_subject
from .values import check_value

HELD_REST = "rest"


def check_effect(syntax: EffectSyntax, names: Names, searching: bool = False) -> Effect | None:
    """`effect(X -> Y ...)` or `change(...)`; None after an error. `searching`: within `by`, where `it` is known."""
    return _EffectChecker(syntax, names, searching).check()


class _EffectChecker:
    def __init__(self, syntax: EffectSyntax, names: Names, searching: bool) -> None:
        self.syntax = syntax
        self.names = names
        self.report = names.report
        self.searching = searching
        self.kind = cast(Literal["effect", "change"], syntax.kind.text)

    def check(self) -> Effect | None:
        errors = self.report.errors
        if self._names_what_is_broken():
            return None
        network = find_measured_network(self.syntax.on, self._own_networks(), self.syntax.span, self.kind, self.names)
        if is_over_repeated(self.syntax.over, self.names) or network is None:
            return None
        task = self._task(network)
        if task is None:
            return None
        scope = ThingScope(self.names, task, self.searching)
        settings = [self._setting(setting, scope) for setting in self.syntax.settings]
        given = self._held("given", scope)
        through = self._held("through", scope)
        target = check_target(self.syntax.target, scope)
        recipe = self._recipe(task, settings)
        if self.report.errors > errors or None in settings or target is None or not recipe.known:
            return None
        known = tuple(setting for setting in settings if setting is not None)
        self._check_apart(known, given, through, target)
        self._check_candidate(known, scope)
        bounds = self._bounds(target, scope)
        if self.report.errors > errors or bounds is None:
            return None
        low, high = bounds
        return Effect(
            self.kind,
            known,
            target,
            network.name,
            network.random,
            task.name,
            recipe.name,
            exact(low),
            exact(high),
            tuple(given.values()),
            any(_is_rest(subject) for clause in self._clauses("given") for subject in clause.subjects),
            tuple(through.values()),
            network.ungated,
            span=self.syntax.span,
        )

    # --- the task, the network and the recipe

    def _things(self) -> list[ThingSyntax]:
        """Everything that is named, what stands in parentheses too."""
        subjects: list[SubjectSyntax] = [setting.subject for setting in self.syntax.settings]
        subjects += [subject for clause in self.syntax.given for subject in clause.subjects]
        subjects.append(self.syntax.target)
        inner = [subject.inner if isinstance(subject, WrappedSyntax) else subject for subject in subjects]
        return [thing for thing in inner if isinstance(thing, ThingSyntax)]

    def _names_what_is_broken(self) -> bool:
        """Whether something that is named is broken, and reported where it is declared."""
        tables = self.names.alignments, self.names.circuits, self.names.nodes
        named = [name.text for name in map(whole_name, self._things()) if name is not None]
        return any(text in table.entries and table.entries[text] is None for text in named for table in tables)

    def _own_networks(self) -> list[NetworkMeant]:
        """The networks that aligned variables, nodes and searched circuits lie in."""
        found: list[NetworkMeant] = []
        for thing in self._things():
            name = whole_name(thing)
            view = self.names.alignments.entries.get(name.text) if name is not None else None
            node = self.names.nodes.entries.get(name.text) if name is not None else None
            if view is not None:
                found.append(NetworkMeant(view.network, False))
            elif thing.members is None and node is not None:
                found.append(NetworkMeant(node.network, node.random))
        return list(dict.fromkeys(found))

    def _task(self, network: NetworkMeant) -> Signature | None:
        tasks = find_tasks(self.names)
        if tasks is None:
            return None
        fitting = [task for task in tasks if self._may_be_of(task)]
        return find_one_task(fitting or tasks, network.name, self.syntax.span, self.kind, self.names)

    def _may_be_of(self, task: Signature) -> bool:
        """Whether all that is named can belong to a task."""
        names, known = self.names, {task.name}
        for thing in self._things():
            name = whole_name(thing)
            if name is None:
                continue
            view, node = names.alignments.entries.get(name.text), names.nodes.entries.get(name.text)
            if thing.members is not None and view is not None:
                known.add(view.task)
            elif thing.members is None and node is not None:
                known.add(node.task)
        return known == {task.name} and may_read(self.syntax.target, task, names)

    def _recipe(self, task: Signature, settings: list[Setting | None]) -> Recipe:
        """The recipe that `over` names, else that of the alignment whose variables are set, else the task's."""
        for setting in () if self.syntax.over else settings:
            subject = None if setting is None else setting.subject
            if not isinstance(subject, VariablesSubject):
                continue
            if (view := self.names.alignments.entries[subject.alignment]) is not None:
                return Recipe(view.pairs, view.pairs_known)
        over = self.syntax.over[0] if self.syntax.over else ()
        return find_recipe(over, task.name, self.names, self.syntax.span, self.report)

    # --- what is set, held and read

    def _setting(self, syntax: SettingSyntax, scope: ThingScope) -> Setting | None:
        subject = check_subject(syntax.subject, scope)
        if subject is None:
            return None
        value = check_value(syntax.value, subject, scope)
        return None if value is None else Setting(subject, value)

    def _clauses(self, word: str) -> list[GivenSyntax]:
        return [clause for clause in self.syntax.given if clause.word.text == word]

    def _held(self, word: str, scope: ThingScope) -> dict[Span, Subject]:
        """The subjects of all clauses of a word, by where they are written."""
        found: dict[Span, Subject] = {}
        for clause in self._clauses(word):
            for syntax in clause.subjects:
                if word == "given" and _is_rest(syntax):
                    continue
                subject = check_subject(syntax, scope)
                if subject is not None:
                    found[syntax.span] = subject
        return found

    # --- what goes together

    def _check_apart(
        self, settings: tuple[Setting, ...], given: dict[Span, Subject], through: dict[Span, Subject], target: Target
    ) -> None:
        """Whether no two of what is set, held and passed through share units, and the target is none of them."""
        written = [(s.subject.span, setting.subject) for s, setting in zip(self.syntax.settings, settings, strict=True)]
        written += [*given.items(), *through.items()]
        for index, (span, subject) in enumerate(written):
            for earlier, other in written[:index]:
                if share_units(other, subject, self.names):
                    same = other == subject
                    self.report.error(
                        "CS468" if same else "CS463",
                        f"`{subject.text}` is named twice" if same else "the two share units of the network",
                        span,
                        "again here" if same else "shares them",
                        related=[Label(earlier, "first here")],
                        help="what is set is neither held nor passed through: remove one of them"
                        if same
                        else "give disjoint sites: what is held cannot be set",
                    )
        self._check_passable(tuple(setting.subject for setting in settings), through)
        if isinstance(target, VariableTarget):
            read = VariablesSubject(target.alignment, (target.variable,))
            meeting = [span for span, subject in written if subject == read or share_units(subject, read, self.names)]
            for span in meeting:
                self._report_itself(span, target.text)
            if not meeting:
                self._check_reached(settings, tuple(through.values()), read)
        nodes = {whole.text for whole in [whole_name(self.syntax.target)] if whole is not None}
        nodes &= set(self.names.nodes.entries)
        for setting in self.syntax.settings:
            thing = setting.subject
            whole = whole_name(thing) if isinstance(thing, ThingSyntax) and thing.members is None else None
            if whole is not None and whole.text in nodes:
                self._report_itself(thing.span, whole.text)

    def _check_reached(
        self, settings: tuple[Setting, ...], through: tuple[Subject, ...], read: VariablesSubject
    ) -> None:
        """Whether something that is set can reach the variable that is read."""
        changed = through or tuple(setting.subject for setting in settings)
        if not comes_before(read, changed, self.names):
            return
        text = ", ".join(f"`{subject.text}`" for subject in changed)
        self.report.error(
            "CS478",
            f"`{read.text}` is computed no later than {text}, so that the effect is 0 whatever the network",
            self.syntax.target.span,
            "read here",
            help="set something that is computed earlier, or read something later",
        )

    def _check_passable(self, changed: tuple[Subject, ...], through: dict[Span, Subject]) -> None:
        """Whether something that is set can reach everything that it is to pass through."""
        for span, subject in through.items():
            if comes_before(subject, changed, self.names):
                self.report.error(
                    "CS478",
                    f"`{subject.text}` is computed no later than what is set, so that nothing passes through it"
                    " whatever the network",
                    span,
                    "passed through",
                    help="set something that is computed earlier, or pass through something later",
                )

    def _report_itself(self, span: Span, text: str) -> None:
        self.report.error(
            "CS464",
            f"an effect of `{text}` on itself",
            span,
            related=[Label(self.syntax.target.span, "the same is read here")],
            help="read another thing than is set",
        )

    def _check_candidate(self, settings: tuple[Setting, ...], scope: ThingScope) -> None:
        if scope.searching and not any(isinstance(setting.subject, CandidateSubject) for setting in settings):
            self.report.error(
                "CS465",
                "the score of a candidate does not set `it`",
                self.syntax.settings[0].span,
                help="write `effect(it -> METRIC)`, so that each candidate has a score of its own",
            )

    def _bounds(self, target: Target, scope: ThingScope) -> Bounds | None:
        """The least and the largest value of the effect; None after an error."""
        if self.kind == "change":
            return change_bounds(target, scope)
        if not is_known(target, scope):
            return None
        signed = effect_bounds(target, scope)
        if signed is None:
            self.report.error(
                "CS470",
                f"the values of `{target.text}` are no numbers, so that they have no mean",
                self.syntax.target.span,
                help=f"write `change(... -> {target.text})`, or read a metric",
            )
        return signed


def _is_rest(syntax: SubjectSyntax) -> bool:
    """`given rest`: everything else."""
    plain = isinstance(syntax, ThingSyntax) and not (syntax.brackets or syntax.members or syntax.position)
    return plain and isinstance(syntax, ThingSyntax) and syntax.name.text == HELD_REST
