"""Fit: find the maps of an alignment on `fit`, and choose among attempts on `select`.

Closed forms are computed first, then dims are searched, then all maps that need gradients are trained together, once
for each seed: distributed alignment search (Geiger et al. 2023, arXiv 2303.02536) over any family of maps.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from ...compiler.budgets import count_choices
from ...compiler.experiments import Encoding
from ...compiler.groundings import Frame
from ...compiler.keys import derived_seed
from ...compiler.plan import FitStep
from ..engines import Engine
from ..finite import require_finite
from ..maps import NestedMap, inner_map
from ..maps.chosen_dims import ChosenDims
from ..maps.subspace import SubspaceMap
from ..progress import Progress
from .closed_forms import difference_basis, pca_basis, probe_basis
from .fit_reports import SeedReport
from .fitted import Fitted
from .kept_trainings import KeptTrainings
from .objective import Labelled, Objective
from .search_dims import search_dims
from .train_maps import train_maps
from .training import Restart, Training


def run_fit(
    step: FitStep,
    engine: Engine,
    fit: Labelled,
    select: Labelled,
    encoding: Encoding,
    progress: Progress,
    kept: KeptTrainings,
) -> Fitted:
    """Find every map of the grounding; the engine's maps are then the chosen ones.

    Attempts are compared on `select`, the first of equals is kept: the two searches of dims with each other, and the
    `step.settings.seeds` restarts of a training. Outer maps of nested frames must be in place (`NestedMap.hold`).

    Raises:
        EnvironmentProblem: the loss is not finite.
    """
    objective = Objective(engine, step.score.left, encoding, fit, select)
    ways = [frame.found_by for frame in step.grounding.frames]
    closed, searched, trained = (
        [index for index, way in enumerate(ways) if way == wanted] for wanted in ("closed form", "search", "training")
    )
    label = _label(step)
    reports: list[SeedReport] = []
    for index in closed:
        _fit_closed(step, engine, index, fit)
    for number, index in enumerate(searched):
        unknown = (*searched[number + 1 :], *trained)
        reports += _search(step, objective, index, unknown, label, progress)
    if trained:
        reports += _train(step, objective, trained, label, progress, kept)
    if not reports:
        score = objective.score(objective.on_select)
        reports.append(
            SeedReport(0, score.agreement, objective.score(objective.on_fit).loss, chosen=True, what="closed form")
        )
    sizes = tuple(
        tuple(int(m.share(block).sum()) for block in range(len(frame.blocks))) if frame.learned_size else None
        for frame, m in zip(step.grounding.frames, engine.maps, strict=True)
    )
    return Fitted(tuple(m.state() for m in engine.maps), sizes, tuple(reports))


def run_fits(
    steps: Sequence[FitStep],
    engines: Sequence[Engine],
    together: Engine,
    fit: Labelled,
    select: Labelled,
    encoding: Encoding,
    progress: Progress,
    kept: KeptTrainings,
) -> list[Fitted]:
    """`run_fit` of several steps that train every map on the same items, all restarts of all of them side by side.

    They differ in the network alone, and each has an engine of its own; `together` runs their networks side by side.

    Raises:
        EnvironmentProblem: a loss is not finite.
    """
    first, trained = steps[0], range(len(steps[0].grounding.frames))
    objectives = [Objective(engine, first.score.left, encoding, fit, select) for engine in engines]
    joined = Objective(together, first.score.left, encoding, fit.for_networks(len(steps)), select)
    restarts = [
        Restart(objective, seed, number * len(fit))
        for number, (step, objective) in enumerate(zip(steps, objectives, strict=True))
        for seed in _seeds(step)
    ]
    progress.start(f"{_label(first)} in {len(steps)} networks", first.settings.steps * len(restarts))
    going = kept.open(first.grounding, first.settings, [restart.seed for restart in restarts])
    trainings = train_maps(joined, trained, first.settings, first.looks, restarts, progress, going)
    progress.finish()
    found = []
    for step, objective in zip(steps, objectives, strict=True):
        own = [training for training in trainings if training.restart.objective is objective]
        reports = _keep_best(step, objective, trained, own)
        maps = objective.engine.maps
        found.append(Fitted(tuple(m.state() for m in maps), (None,) * len(maps), tuple(reports)))
    return found


def _label(step: FitStep) -> str:
    return f"fit {', '.join(step.variables)} at {', '.join(f.site for f in step.grounding.frames)}"


def _fit_closed(step: FitStep, engine: Engine, index: int, fit: Labelled) -> None:
    """Compute a basis from the states of the items' bases, and place it."""
    frame, feature_map = step.grounding.frames[index], engine.maps[index]
    found = []
    with torch.no_grad():
        for start in range(0, len(fit), engine.at_once):
            states = engine.states(index, torch.from_numpy(fit.batch.inputs[start : start + engine.at_once, 0]))
            found.append(feature_map.view(states) if isinstance(feature_map, NestedMap) else states)
    vectors = torch.cat(found)
    require_finite(vectors, "activations", f"a map at {frame.site} is computed")
    values = [_codes(step, frame, block.variable, fit, vectors.shape[1]).flatten() for block in frame.blocks]
    vectors = vectors.flatten(0, 1)
    match frame.family.name:
        case "pca":
            basis = pca_basis(vectors, frame.size)
        case "difference":
            basis = difference_basis(vectors, values)
        case _:
            basis = probe_basis(vectors, values, tuple(block.size for block in frame.blocks))
    subspace = inner_map(feature_map)
    assert isinstance(subspace, SubspaceMap)
    subspace.place(basis)


def _codes(step: FitStep, frame: Frame, variable: int, fit: Labelled, groups: int) -> Tensor:
    """A variable's codes at every group, shape [item, group]: its members' where a family's positions share the map."""
    codes = fit.values[variable]
    if not frame.shared:
        return codes[:, None].expand(-1, groups)
    return member_codes(codes, tuple(part.size for part in step.model.domains[step.variables[variable]].parts))


def member_codes(codes: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """The codes of a tuple's parts, shape [item, part], of its codes [item]; the first is the fastest digit."""
    members = []
    for size in sizes:
        members.append(codes % size)
        codes = codes // size
    return torch.stack(members, 1)


def _search(
    step: FitStep, objective: Objective, index: int, unknown: tuple[int, ...], label: str, progress: Progress
) -> list[SeedReport]:
    """Search a frame's dims on the items that need no map which is still unknown, and keep the better of both."""
    chosen = inner_map(objective.engine.maps[index])
    assert isinstance(chosen, ChosenDims)
    frames = step.grounding.frames
    others = tuple(step.variables[block.variable] for other in unknown for block in frames[other].blocks)
    progress.start(label, count_choices(len(chosen.owner), chosen.sizes))
    generator = torch.Generator().manual_seed(derived_seed(step.seed, "search", str(index)))
    found = search_dims(objective.without(others), chosen, generator, progress)
    progress.finish()
    top = max(range(len(found)), key=lambda attempt: found[attempt].select.agreement)
    chosen.choose(found[top].owner)
    return [
        SeedReport(attempt, f.select.agreement, f.select.loss, attempt == top, f.what, f.tried)
        for attempt, f in enumerate(found)
    ]


def _train(
    step: FitStep,
    objective: Objective,
    trained: list[int],
    label: str,
    progress: Progress,
    kept: KeptTrainings,
) -> list[SeedReport]:
    """Train these frames' maps together, once for each seed, and restore the best restart's."""
    settings, together = step.settings, step.schedule.restarts
    progress.start(label, settings.steps * settings.seeds)
    restarts = [Restart(objective, seed) for seed in _seeds(step)]
    trainings: list[Training] = []
    for first in range(0, len(restarts), together):
        some = restarts[first : first + together]
        going = kept.open(step.grounding, settings, [restart.seed for restart in some])
        trainings += train_maps(objective, trained, settings, step.looks, some, progress, going)
    progress.finish()
    return _keep_best(step, objective, trained, trainings)


def _seeds(step: FitStep) -> list[int]:
    """The seed of each restart."""
    return [derived_seed(step.seed, "restart", str(seed)) for seed in range(step.settings.seeds)]


def _keep_best(
    step: FitStep, objective: Objective, trained: Sequence[int], trainings: Sequence[Training]
) -> list[SeedReport]:
    """Restore the best restart's maps, the first of equals, and report on all."""
    top = max(range(len(trainings)), key=lambda seed: trainings[seed].select)
    for index, state in zip(trained, trainings[top].states, strict=True):
        inner_map(objective.engine.maps[index]).restore(state)
    reports = [
        SeedReport(
            seed,
            t.select,
            t.trace[-1].loss,
            False,
            f"restart {seed + 1}",
            t.trace[-1].step,
            tuple(t.trace),
            step.settings.steps,
        )
        for seed, t in enumerate(trainings)
    ]
    reports[top] = replace(reports[top], chosen=True)
    return reports
