"""Engines with their maps: networks loaded once, maps fitted or read from the store, and put in place."""

from dataclasses import replace

import torch

from ...compiler.experiments import Encoding
from ...compiler.groundings import Grounding, ground
from ...compiler.interpret_terms import Batch, evaluate_in_model, model_batch
from ...compiler.plan import Candidate, EncodeStep, EngineName, EvaluateStep, FitStep, ItemsStep, NetworkSource, Plan
from ...compiler.sampling.draw_items import Population
from ...compiler.sampling.items import Items
from ...compiler.schedule import Schedule
from ..engines import Engine, Opened, open_engine, open_network, open_side_by_side
from ..engines.capture_room import CaptureRoom
from ..errors import EnvironmentProblem
from ..maps import NestedMap, open_map
from ..progress import Progress
from ..results.store import Store
from ..scoring.encode import encode
from ..scoring.natural import Natural, open_natural
from ..scoring.origins import Origin, open_origin
from .fit import run_fit, run_fits
from .fit_reports import FoundSize
from .fitted import Fitted, read_fitted, restore_maps, write_fitted
from .kept_trainings import KeptTrainings
from .objective import Labelled
from .search_sites import run_search


class Fits:
    """The fits of one plan."""

    def __init__(self, plan: Plan, store: Store, progress: Progress) -> None:
        self.plan, self.store, self.progress = plan, store, progress
        self._networks: dict[str, Opened] = {}
        self._room = CaptureRoom()
        self._items: dict[str, Items] = {}
        self._found: dict[str, Fitted] = {}
        self._natural: dict[str, Natural] = {}

    def fit(self, key: str) -> Fitted:
        """The chosen maps of a fit, found now or read from the store."""
        if key not in self._found:
            stored = self.store.load(key)
            if stored is not None:
                self._found[key] = read_fitted(*stored)
            else:
                self._find(self._step(key))
        return self._found[key]

    def _find(self, step: FitStep) -> None:
        """Find the maps of a fit, and of those that train beside it and are not in the store either."""
        self.store.before_work()
        beside = [key for key in step.schedule.beside if key == step.key or self.store.load(key) is None]
        steps = [self._step(key) for key in beside or [step.key]]
        kept = KeptTrainings(self.store, [one.key for one in steps])
        found = self._run_side_by_side(steps, kept) if len(steps) > 1 else [self._run(step, kept)]
        for one, fitted in zip(steps, found, strict=True):
            self.store.save(one.key, *write_fitted(fitted))
            self._found[one.key] = fitted
        kept.forget()

    def maps(self, candidate: Candidate) -> Fitted | None:
        """The maps that were fitted for a candidate."""
        return None if candidate.fit is None else self.fit(candidate.fit)

    def require_stored(self, key: str | None, text: str) -> None:
        """The maps of a fit, and of those inside of which they lie, are in the store; `text` names what they are for.

        Raises:
            EnvironmentProblem: one is not.
        """
        while key is not None:
            if self.store.load(key) is None:
                help = "run `cspec verify` with this store, which fits it again"
                raise EnvironmentProblem("CS523", f"the map of {text} is not in the store `{self.store.folder}`", help)
            key = self._step(key).outer

    def grounding(self, key: str) -> Grounding:
        """Where the variables of a fit live: as stated, or as its search chose."""
        step, fitted = self._step(key), self.fit(key)
        return ground(step.search.places(fitted.choice)) if fitted.choice else step.grounding

    def sizes(self, key: str) -> tuple[FoundSize, ...]:
        """The sizes that a fit was to find, by variable."""
        step, found = self._step(key), zip(self.grounding(key).frames, self.fit(key).sizes, strict=True)
        return tuple(
            FoundSize(step.variables[block.variable], size)
            for frame, sizes in found
            if sizes is not None
            for block, size in zip(frame.blocks, sizes, strict=True)
        )

    def engine(
        self,
        candidate: Candidate,
        evaluate: EvaluateStep,
        encoding: Encoding | None = None,
        elsewhere: bool = False,
    ) -> Engine:
        """An engine for an evaluation on a candidate's network with its maps in place: fitted, random, or given.

        `elsewhere` where the network is another one than that in which the places of the evaluation lie.
        """
        encoding, variables, schedule = encoding or self.encoding(evaluate.items), evaluate.variables, evaluate.schedule
        if all(candidate.network != planned.network for planned in evaluate.candidates):
            schedule = schedule.elsewhere
        name, grounding = self.plan.runs(evaluate.key), self.grounded(candidate, evaluate).grounding
        if elsewhere and grounding is not None:
            grounding = grounding.elsewhere()
        engine = self.open_engine(candidate.network, encoding, grounding, variables, schedule, name)
        if candidate.fit is not None:
            self._hold_outer(engine, self._step(candidate.fit))
            restore_maps(engine.maps, self.fit(candidate.fit))
        elif candidate.frame_seed is not None:
            generator = torch.Generator().manual_seed(candidate.frame_seed)
            for feature_map in engine.maps:
                feature_map.draw(generator)
                feature_map.restore(feature_map.state())
        return engine

    def origin(self, candidate: Candidate, evaluate: EvaluateStep, engine: Engine, natural: Natural) -> Origin | None:
        """What an evaluation reads in another network than the candidate's, on which `engine` runs."""
        if candidate.origin is None or evaluate.origin is None:
            return None
        places = evaluate.origin
        there = replace(evaluate, grounding=places.grounding, variables=places.variables)
        reading = self.engine(candidate.origin, there, places.encoding)
        return open_origin(self.grounded(candidate, evaluate), engine, reading, natural)

    def natural(self, evaluate: EvaluateStep) -> Natural | None:
        """The inputs on which what is read of a network is fitted; None where nothing is read but its answer."""
        if evaluate.natural is None:
            return None
        if evaluate.natural not in self._natural:
            items, _, encoding = self.items(evaluate.natural)
            self._natural[evaluate.natural] = open_natural(items, encoding)
        return self._natural[evaluate.natural]

    def grounded(self, candidate: Candidate, evaluate: EvaluateStep) -> EvaluateStep:
        """An evaluation with the places that a candidate's fit chose, and those that it sets as they are after them."""
        if candidate.fit is None or evaluate.grounding is None:
            return evaluate
        fitted = len(self._step(candidate.fit).variables)
        further = (f for f in evaluate.grounding.frames if all(block.variable >= fitted for block in f.blocks))
        return replace(evaluate, grounding=Grounding((*self.grounding(candidate.fit).frames, *further)))

    def open_engine(
        self,
        source: NetworkSource,
        encoding: Encoding,
        grounding: Grounding | None,
        variables: tuple[str, ...],
        schedule: Schedule,
        name: EngineName,
    ) -> Engine:
        """An engine of this name whose maps are not fitted yet, and which runs by a schedule."""
        if source.key not in self._networks:
            self._networks[source.key] = open_network(source, self._room)
        maps = () if grounding is None else tuple(open_map(frame) for frame in grounding.frames)
        opened = self._networks[source.key]
        return open_engine(name, opened, encoding, grounding, variables, maps, schedule)

    def encoding(self, encode_key: str) -> Encoding:
        """The encoding behind its key."""
        step = self.plan.step(encode_key)
        assert isinstance(step, EncodeStep)
        return step.encoding

    def items(self, encode_key: str) -> tuple[Items, Population, Encoding]:
        """The items of `fit` or `select` behind an encoding."""
        encode_step = self.plan.step(encode_key)
        assert isinstance(encode_step, EncodeStep)
        step = self.plan.step(encode_step.items)
        assert isinstance(step, ItemsStep)
        assert step.split != "whole"
        if step.key not in self._items:
            self._items[step.key] = step.population.draw(step.split, step.count).items
        return self._items[step.key], step.population, encode_step.encoding

    def _run(self, step: FitStep, kept: KeptTrainings) -> Fitted:
        fit, select = self._labelled(step, step.fit), self._labelled(step, step.select)
        _, _, encoding = self.items(step.fit)

        def open_engine(grounding: Grounding) -> Engine:
            name = self.plan.runs(step.key)
            engine = self.open_engine(step.network, encoding, grounding, step.variables, step.schedule, name)
            self._hold_outer(engine, step)
            return engine

        if step.search.open:
            return run_search(step, open_engine, fit, select, encoding, self.progress, kept)
        return run_fit(step, open_engine(step.grounding), fit, select, encoding, self.progress, kept)

    def _run_side_by_side(self, steps: list[FitStep], kept: KeptTrainings) -> list[Fitted]:
        """Fits that differ in their networks alone, none of which looks for sites or lies inside of another."""
        first = steps[0]
        fit, select = self._labelled(first, first.fit), self._labelled(first, first.select)
        _, _, encoding = self.items(first.fit)
        name, grounding = self.plan.runs(first.key), first.grounding
        engines = [
            self.open_engine(step.network, encoding, grounding, step.variables, step.schedule, name) for step in steps
        ]
        opened = open_side_by_side([self._networks[step.network.key] for step in steps])
        maps = tuple(open_map(frame) for frame in grounding.frames)
        together = open_engine(name, opened, encoding, grounding, first.variables, maps, first.schedule)
        return run_fits(steps, engines, together, fit, select, encoding, self.progress, kept)

    def _hold_outer(self, engine: Engine, step: FitStep) -> None:
        """Put the maps in place inside of whose blocks some frames lie."""
        if step.outer is None:
            return
        outer, frames = self.fit(step.outer), self.grounding(step.outer).frames
        for place, feature_map in zip(step.grounding.frames, engine.maps, strict=False):
            if isinstance(feature_map, NestedMap) and place.inside is not None:
                feature_map.hold(outer.maps[frames.index(place.inside.frame)])

    def _labelled(self, step: FitStep, encode_key: str) -> Labelled:
        items, population, encoding = self.items(encode_key)
        model = model_batch(population, items)
        labels = evaluate_in_model(step.score.right, step.model, model)
        codes = step.model.run(items.bases, {})
        return Labelled(
            Batch(encode(items, encoding), model.members, model.variables, forced=encoding.force(labels)),
            torch.from_numpy(labels),
            tuple(torch.from_numpy(codes[variable]) for variable in step.variables),
        )

    def _step(self, key: str) -> FitStep:
        step = self.plan.step(key)
        assert isinstance(step, FitStep)
        return step
