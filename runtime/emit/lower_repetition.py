"""From a plan, its result and its store to what a script repeats. Nothing is fitted."""

import torch

from ...compiler.plan import Plan
from ..deciding.verdicts import Result
from ..engines import open_network
from ..engines.pyvene_hosts import host_of
from ..fitting.fits import Fits
from ..progress import Silent
from ..results.store import Store
from .find_interchange import Interchange, find_interchange
from .lower_items import draw_repeated, lower_items
from .lower_places import lower_places
from .repetition import CountedCell, Repetition


def lower_repetition(plan: Plan, result: Result, store: Store, claim: str | None) -> Repetition:
    """The first interchange of a claim (None: of the first that has one), with the maps that the store keeps.

    Raises:
        EnvironmentProblem: no script repeats it, its map is not in the store, or its network is broken.
    """
    found = find_interchange(plan, result, claim)
    fits, key = Fits(plan, store, Silent()), found.candidate.fit
    fits.require_stored(key, found.row.text)
    grounding = found.step.grounding if key is None else fits.grounding(key)
    assert grounding is not None, "variables are set where they are placed"
    items = draw_repeated(found)
    tensors = lower_items(found, items, grounding)
    network = open_network(found.candidate.network).network
    host = host_of(network)
    targets = tuple(target for target, _ in found.taken)
    states = () if key is None else fits.fit(key).maps
    places = lower_places(found.claim, grounding, states, found.step.variables, targets, host, tensors["base"][:1])
    cells, order = _counted(found, targets)
    return Repetition(
        spec=result.spec,
        claim=found.claim,
        claim_text=found.claim_text,
        estimand=found.row.text,
        engine=result.environment.engine,
        network=found.candidate.network.file,
        masked_model=type(host.root).__name__.endswith("ForMaskedLM"),
        places=places,
        among=tuple(answer.declared if answer.among or found.row.among else None for answer in found.encoding.answers),
        cells=cells,
        estimate=found.row.estimate,
        near_ties=found.row.near_ties,
        batch=max(1, min(1024, network.items_at_once // tensors["base"].shape[1])),
        items=tensors | {"cell": order[tensors["cell"]]},
    )


def _counted(found: Interchange, targets: tuple[str, ...]) -> tuple[tuple[CountedCell, ...], torch.Tensor]:
    """The cells that have items, and for each of the population's cells its index among them, shape [cell]."""
    population, whole = found.items.population, found.items.split == "whole"
    cells: list[CountedCell] = []
    order = torch.full((len(population.cells),), -1)
    for index, (cell, row) in enumerate(zip(population.cells, found.row.cells, strict=True)):
        if row.n:
            order[index] = len(cells)
            changed = row.set if found.run.within_set else targets
            cells.append(CountedCell(changed, row.half, int(row.right), row.n, cell.weight if whole else None))
    return tuple(cells), order
