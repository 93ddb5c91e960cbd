"""From frames and their fitted maps to the places of variables, as pyvene meets them."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ...compiler.groundings import Frame, Grounding
from ..engines.pyvene_hooks import hook_end
from ..engines.pyvene_hosts import HookedSite, PyveneHost
from ..engines.pyvene_interventions import column_ranges
from ..errors import EngineRefusal
from .repetition import Place, refusal


def lower_places(
    claim: str,
    grounding: Grounding,
    states: tuple[Mapping[str, Tensor], ...],
    variables: tuple[str, ...],
    targets: tuple[str, ...],
    host: PyveneHost,
    tokens: Tensor,
) -> tuple[Place, ...]:
    """The place of each target.

    Args:
        claim: named where a place is refused.
        grounding: the frames.
        states: of each frame's map, as the store keeps it; empty where nothing was fitted.
        variables: as the frames count them.
        targets: the variables that are set.
        host: the network, as pyvene sees it.
        tokens: one input, shape [1, token], on which the width of each site is observed.

    Raises:
        EnvironmentProblem: a family, or a number of positions, that no script repeats.
    """
    places = []
    for target in targets:
        for index, frame in enumerate(grounding.frames):
            for block, owner in enumerate(frame.blocks):
                if variables[owner.variable] == target:
                    state = states[index] if states else {}
                    places.append(_place(claim, target, frame, block, state, host, tokens))
    return tuple(places)


def _place(
    claim: str, target: str, frame: Frame, block: int, state: Mapping[str, Tensor], host: PyveneHost, tokens: Tensor
) -> Place:
    if frame.inside is not None:
        raise refusal(claim, f"`{target}` lives inside of another variable")
    if frame.autoencoder is not None:
        raise refusal(claim, f"maps of the family `{frame.family.text}` are not pyvene's")
    if frame.further:
        raise refusal(claim, f"`{target}` lives at several sites")
    if frame.shared or len(frame.positions) > 1:
        raise refusal(claim, f"`{target}` lives at several positions")
    try:
        site = host.hooked(frame.component, frame.layer, frame.width or max(frame.dims) + 1)
    except EngineRefusal as problem:
        raise refusal(claim, str(problem)) from None
    width = _observed_width(host, site, tokens)
    columns = tuple(site.columns[dim] for dim in frame.dims)
    if "weight" in state:
        directions = state["weight"][:, _span(frame, block, state)]
        whole = torch.zeros(width, directions.shape[1])
        whole[list(columns)] = directions
        return Place(target, frame.site, site.component, width, frame=whole)
    if "owner" in state:
        columns = tuple(
            column for column, owner in zip(columns, state["owner"].tolist(), strict=True) if owner == block
        )
    elif not frame.given:
        raise refusal(claim, f"maps of the family `{frame.family.text}` are not pyvene's")
    if not columns:
        raise refusal(claim, f"the map found no dims for `{target}`")
    return Place(target, frame.site, site.component, width, tuple((a, b) for a, b in column_ranges(columns)))


def _span(frame: Frame, block: int, state: Mapping[str, Tensor]) -> slice:
    """The columns of a subspace's frame that a block owns."""
    if "sizes" in state:
        start = int(state["sizes"][:block].sum())
        return slice(start, start + int(state["sizes"][block]))
    return slice(frame.blocks[block].start, frame.blocks[block].stop)


def _observed_width(host: PyveneHost, site: HookedSite, tokens: Tensor) -> int:
    """The width of a site's vectors, as a run shows it: pyvene swaps too little where it is told too little."""
    found: list[int] = []

    def note(state: Tensor) -> Tensor:
        found.append(state.shape[-1])
        return state

    handle = hook_end(host.root.get_submodule(site.path), site.end, note)
    try:
        with torch.no_grad():
            host.root(**host.inputs(tokens))
    finally:
        handle.remove()
    return found[-1]
