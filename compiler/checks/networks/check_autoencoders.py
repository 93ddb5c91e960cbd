"""Checks of `via sae("f.safetensors")`: the file's header fits the site; its weights are never read."""

from pathlib import Path
from typing import Any

from ....lang.diagnostics import Diagnostic, Label
from ....lang.places import Placement, Region, Site
from ....lang.program import Alignment
from ...groundings import Autoencoder
from ...lowering.site_widths import site_width
from ...network_facts import BadCheckpointError
from ...network_facts.read_header import read_header
from ...open_network import above_the_spec
from .check_positions import FedNetwork
from .check_room import largest_size

TENSORS = ("W_enc", "b_enc", "W_dec", "b_dec")
_FORMAT = "it holds `W_enc` [width, features], `b_enc` [features], `W_dec` [features, width] and `b_dec` [width]"


def check_autoencoders(
    alignment: Alignment, network: FedNetwork, folder: Path, allow_path: bool
) -> tuple[dict[str, Autoencoder], list[Diagnostic]]:
    """The autoencoders by path; every one of an alignment reads what lies at its site, and has features enough."""
    opened: dict[str, Autoencoder] = {}
    found: list[Diagnostic] = []
    for placement in alignment.placements:
        path = placement.family.path
        if path is None:
            continue
        label = Label(placement.family.path_span)
        if (problem := above_the_spec(path, folder, allow_path, label)) is not None:
            found.append(problem)
            continue
        resolved = (folder / path).resolve()
        try:
            shapes = {name: entry["shape"] for name, entry in read_header(resolved).tensors.items()}
        except BadCheckpointError as broken:
            message = f"the autoencoder `{path}` cannot be used: {broken.reason}"
            found.append(Diagnostic(broken.code, message, label, help=broken.remedy))
            continue
        except (KeyError, TypeError):
            shapes = {}
        mates = [p for p in alignment.placements if (p.place, p.family) == (placement.place, placement.family)]
        if reason := _misfit(shapes, mates[: mates.index(placement) + 1], network):
            message = f"the autoencoder `{path}` does not fit: {reason}"
            found.append(Diagnostic("CS530", message, label, help=_FORMAT))
        else:
            opened[path] = Autoencoder(shapes["W_enc"][0], shapes["W_enc"][1], resolved)
    return opened, found


def _misfit(shapes: dict[str, Any], mates: list[Placement], network: FedNetwork) -> str:
    """What is wrong with an autoencoder at the last of placements that share it; nothing where it fits."""
    placement = mates[-1]
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
    needed = sum(largest_size(mate) or 0 for mate in mates)
    there = features * _pieces(placement, network)
    who = ", ".join(f"`{mate.variable}`" for mate in mates)
    need = "needs" if len(mates) == 1 else "need"
    return f"it has {there} features, and {who} {need} {needed}" if needed > there else ""


def _pieces(placement: Placement, network: FedNetwork) -> int:
    """How many vectors it reads of a placement, one at each position; a family's members have one each."""
    if isinstance(placement.place, Region) or placement.members:
        return 1
    return sum(len(network.resolve(part.positions)) for part in placement.place.parts)


def _widths(placement: Placement, network: FedNetwork) -> list[tuple[str, int | None]]:
    """The dims of each site that a placement may have, at one position."""
    place, facts = placement.place, network.facts
    if isinstance(place, Site) and place.inside is not None:
        return []
    if isinstance(place, Region):
        return [
            (part.text, facts.width(part.component, layer))
            for part in place.parts
            for layer in (facts.layers(part.component) if part.layers is None else part.layers or (None,))
        ]
    return [(part.text, site_width(part, facts) if part.dims is None else len(part.dims)) for part in place.parts]
