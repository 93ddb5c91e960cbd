"""What a fit hands on: the maps, how it went, and both as the store keeps them."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from torch import Tensor

from ...compiler.keys import content_key
from .fit_reports import SearchRow, SeedReport, TracePoint

if TYPE_CHECKING:
    from ..maps import FeatureMap


@dataclass(frozen=True)
class Fitted:
    """The chosen maps (the `state` of each frame's), the sizes found, and a report of every attempt.

    `sizes` are, for each frame whose sizes were learned, its blocks' sizes in order; None for the others. Where a fit
    has parts (dims searched in one frame, then another frame trained), each has one chosen report, the whole's last.
    """

    maps: tuple[dict[str, Tensor], ...]
    sizes: tuple[tuple[int, ...] | None, ...]
    seeds: tuple[SeedReport, ...]
    choice: tuple[int, ...] = ()
    """Of a search: the alternative chosen on each line."""
    table: tuple[SearchRow, ...] = ()
    """Of a search: everything that was tried."""

    @property
    def select(self) -> float:
        """The chosen maps' agreement on `select`."""
        return [report.select for report in self.seeds if report.chosen][-1]


def restore_maps(maps: "tuple[FeatureMap, ...]", fitted: Fitted) -> None:
    """Make an engine's first maps the fitted ones; any further ones are given."""
    for feature_map, state in zip(maps[: len(fitted.maps)], fitted.maps, strict=True):
        feature_map.restore(state)


def write_fitted(fitted: Fitted) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors `map.INDEX.NAME` and a document, for the store."""
    tensors = {f"map.{i}.{name}": t for i, state in enumerate(fitted.maps) for name, t in state.items()}
    document = {
        "maps": len(fitted.maps),
        "sizes": fitted.sizes,
        "seeds": [asdict(report) for report in fitted.seeds],
        "choice": fitted.choice,
        "table": [asdict(row) for row in fitted.table],
    }
    return tensors, document


def read_fitted(tensors: Mapping[str, Tensor], document: Mapping[str, Any]) -> Fitted:
    """The inverse of `write_fitted`."""
    maps: tuple[dict[str, Tensor], ...] = tuple({} for _ in range(document["maps"]))
    for path, tensor in tensors.items():
        _, index, name = path.split(".", 2)
        maps[int(index)][name] = tensor
    sizes = tuple(None if found is None else tuple(found) for found in document["sizes"])
    seeds = []
    for report in document["seeds"]:
        trace = tuple(TracePoint(**point) for point in report["trace"])
        seeds.append(SeedReport(**{**report, "trace": trace}))
    table = tuple(SearchRow(**{**row, "variables": tuple(row["variables"])}) for row in document["table"])
    return Fitted(maps, sizes, tuple(seeds), tuple(document["choice"]), table)


def evaluation_content(
    evaluate: str, chosen: int, maps: Fitted | None, *origin: Fitted | None, cells: tuple[str, ...] = ()
) -> str:
    """The key of all that scores depend on: the evaluation's own, its chosen candidate, and the maps' content.

    `origin` are the maps of the network in which sources are read, where it is another one; `cells` those that
    circuits were found to have.
    """
    further: dict[str, Any] = {"origin": [map_content(each) for each in origin]} if origin else {}
    if cells:
        further["cells"] = cells
    return content_key("evaluation", 1, evaluate=evaluate, chosen=chosen, maps=map_content(maps), **further)


def map_content(fitted: Fitted | None) -> list[dict[str, str]]:
    """The maps' content, for keys: a hash of every tensor's shape and bytes."""
    return [] if fitted is None else [{name: _hash(t) for name, t in state.items()} for state in fitted.maps]


def _hash(tensor: Tensor) -> str:
    plain = tensor.contiguous().numpy()
    return hashlib.sha256(f"{plain.dtype}{plain.shape}".encode() + plain.tobytes()).hexdigest()
