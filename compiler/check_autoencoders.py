"""Checks of `via sae("f.safetensors")`: the file's header fits the site; its weights are never read."""

from pathlib import Path
from typing import Any

from ..lang.diagnostics import Diagnostic, Label
from ..lang.places import Placement, Region
from ..lang.program import Alignment
from .check_positions import FedNetwork
from .check_room import largest_size
from .network_facts import BadCheckpointError
from .network_facts.read_header import read_header
from .open_network import above_the_spec

TENSORS = ("W_enc", "b_enc", "W_dec", "b_dec")
_FORMAT = "it holds `W_enc` [width, features], `b_enc` [features], `W_dec` [features, width] and `b_dec` [width]"


def check_autoencoders(alignment: Alignment, network: FedNetwork, folder: Path, allow_path: bool) -> list[Diagnostic]:
    """Every autoencoder of an alignment reads what lies at its site, and has features enough."""
    found: list[Diagnostic] = []
    for placement in alignment.placements:
        path = placement.family.path
        if path is None:
            continue
        label = Label(placement.family.path_span)
        if (problem := above_the_spec(path, folder, allow_path, label)) is not None:
            found.append(problem)
            continue
        try:
            shapes = {name: entry["shape"] for name, entry in read_header((folder / path).resolve()).tensors.items()}
        except BadCheckpointError as broken:
            message = f"the autoencoder `{path}` cannot be used: {broken.reason}"
            found.append(Diagnostic(broken.code, message, label, help=broken.remedy))
            continue
        except (KeyError, TypeError):
            shapes = {}
        if reason := _misfit(shapes, placement, network):
            message = f"the autoencoder `{path}` does not fit: {reason}"
            found.append(Diagnostic("CS530", message, label, help=_FORMAT))
    return found


def _misfit(shapes: dict[str, Any], placement: Placement, network: FedNetwork) -> str:
    """What is wrong with an autoencoder at a placement; nothing where it fits."""
    if missing := [name for name in TENSORS if name not in shapes]:
        return f"it holds no `{missing[0]}`"
    encoder = shapes["W_enc"]
    if not isinstance(encoder, list) or len(encoder) != 2:
        return "`W_enc` is no matrix"
    width, features = encoder
    expected = {"b_enc": [features], "W_dec": [features, width], "b_dec": [width]}
    for name, shape in expected.items():
        if shapes[name] != shape:
            return f"expected `{name}` of shape {shape}, found {shapes[name]}"
    for name, there in _widths(placement, network):
        if there is not None and there != width:
            return f"it reads {width} dims, and `{name}` has {there}"
    size = largest_size(placement)
    return f"it has {features} features, and `{placement.variable}` needs {size}" if (size or 0) > features else ""


def _widths(placement: Placement, network: FedNetwork) -> list[tuple[str, int | None]]:
    """The dims of each site that a placement may have, at one position."""
    place, facts = placement.place, network.facts
    if isinstance(place, Region):
        return [
            (part.text, facts.width(part.component, layer))
            for part in place.parts
            for layer in (facts.layers(part.component) if part.layers is None else part.layers or (None,))
        ]
    return [
        (part.text, facts.width(part.component, part.layer) if part.dims is None else len(part.dims))
        for part in place.parts
    ]
