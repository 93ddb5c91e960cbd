"""What checking must know of a network, read from its file's header: never a tensor, never torch.

`NetworkFacts` is the protocol of the compiler; `read_network_facts` is its reader for plain networks in safetensors.
"""

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

MAX_HEADER = 100_000_000
ITEM_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
ACTIVATIONS = ("relu", "gelu", "tanh", "sigmoid", "identity")


class NetworkFacts(Protocol):
    """What a network is, as far as a spec can be checked against it."""

    @property
    def inputs(self) -> int:
        """How many tokens an input has."""

    @property
    def vocabulary(self) -> int:
        """Token ids are 0 .. vocabulary - 1."""

    @property
    def classes(self) -> int:
        """Class indices are 0 .. classes - 1."""

    @property
    def last_layer(self) -> int:
        """The last layer that `hidden[...]` may name."""

    def width(self, component: str, layer: int | None) -> int | None:
        """The number of dims of a site; None where the network has no such site."""


@dataclass(frozen=True)
class MlpFacts:
    """The configuration of a plain MLP (metadata entry `cspec.config`), checked against its tensors' shapes."""

    inputs: int
    vocabulary: int
    embed: int
    hidden: tuple[int, ...]
    classes: int
    activation: str = "relu"
    frozen: tuple[str, ...] = ()
    init: str = "torch"

    @property
    def last_layer(self) -> int:
        return len(self.hidden)

    def width(self, component: str, layer: int | None) -> int | None:
        """`hidden[0]` is the concatenated embedding, `hidden[i]` the output of layer i, `logits` the head's."""
        if component == "logits" and layer is None:
            return self.classes
        if component == "hidden" and layer is not None and 0 <= layer <= len(self.hidden):
            return (self.inputs * self.embed, *self.hidden)[layer]
        return None

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every tensor's name and shape, in the order in which they are drawn."""
        widths = (self.inputs * self.embed, *self.hidden)
        shapes: dict[str, tuple[int, ...]] = {"embed.weight": (self.vocabulary, self.embed)}
        for i, (before, after) in enumerate(zip(widths, self.hidden, strict=False)):
            shapes[f"layers.{i}.weight"] = (after, before)
            shapes[f"layers.{i}.bias"] = (after,)
        return shapes | {"head.weight": (self.classes, widths[-1]), "head.bias": (self.classes,)}


class BadCheckpointError(Exception):
    """A checkpoint that cannot be used: `code` of the diagnostic, the reason, and what to do."""

    def __init__(self, code: str, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.code, self.reason, self.remedy = code, reason, remedy


def read_network_facts(path: Path) -> MlpFacts:
    """Read a plain network's configuration from its safetensors header.

    Raises:
        BadCheckpointError: the file is missing, truncated, no safetensors file (a pickle, for instance), has no or an
            unknown configuration, or holds tensors of other shapes than the configuration says.
    """
    header, data_bytes = _read_header(path)
    metadata = header.pop("__metadata__", {})
    config = metadata.get("cspec.config") if isinstance(metadata, dict) else None
    if not isinstance(config, str):
        raise BadCheckpointError("CS505", "its metadata has no entry `cspec.config`", _CONFIG_HELP)
    try:
        facts = _mlp_facts(json.loads(config))
    except (ValueError, TypeError, KeyError) as problem:
        raise BadCheckpointError("CS505", f"its `cspec.config` cannot be used: {problem}", _CONFIG_HELP) from None
    _check_tensors(facts, header, data_bytes)
    return facts


_CONFIG_HELP = "write it as docs/networks.md describes"


def _read_header(path: Path) -> tuple[dict[str, Any], int]:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
            if start[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK"):
                raise BadCheckpointError(
                    "CS503", "it is a pickled checkpoint", "save it as safetensors; pickles run code"
                )
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else MAX_HEADER + 1
            if length > MAX_HEADER or length > size - 8:
                raise BadCheckpointError("CS504", "it is truncated, or no safetensors file", "copy or write it again")
            header = json.loads(file.read(length))
    except FileNotFoundError:
        raise BadCheckpointError("CS502", "there is no such file", "paths are relative to the spec's folder") from None
    except IsADirectoryError:
        raise BadCheckpointError("CS502", "it is a folder", "name the .safetensors file") from None
    except OSError as problem:
        raise BadCheckpointError("CS502", f"it cannot be read ({problem.strerror})", "check its permissions") from None
    except ValueError:
        raise BadCheckpointError("CS504", "its header is no JSON: it is broken", "copy or write it again") from None
    if not isinstance(header, dict):
        raise BadCheckpointError("CS504", "its header is no table: it is broken", "copy or write it again")
    return header, size - 8 - length


def _mlp_facts(config: Any) -> MlpFacts:
    if not isinstance(config, dict):
        raise ValueError("it is no table")
    architecture = config.get("architecture")
    if architecture != "mlp":
        raise ValueError(f"expected the architecture `mlp`, found `{architecture}`")
    known = {"architecture", "vocab", "inputs", "embed", "hidden", "classes", "activation", "frozen", "init"}
    if unknown := set(config) - known:
        raise ValueError(f"unknown entry `{min(unknown)}`")
    if missing := {"vocab", "inputs", "embed", "hidden", "classes"} - set(config):
        raise ValueError(f"the entry `{min(missing)}` is missing")
    facts = MlpFacts(
        inputs=_count(config, "inputs"),
        vocabulary=_count(config, "vocab"),
        embed=_count(config, "embed"),
        hidden=tuple(_positive("hidden", width) for width in config["hidden"]),
        classes=_count(config, "classes"),
        activation=str(config.get("activation", "relu")),
        frozen=tuple(str(name) for name in config.get("frozen", ())),
        init=str(config.get("init", "torch")),
    )
    if facts.activation not in ACTIVATIONS:
        raise ValueError(f"expected an activation of {', '.join(ACTIVATIONS)}, found `{facts.activation}`")
    if facts.init != "torch":
        raise ValueError(f"expected the init law `torch`, found `{facts.init}`")
    if not facts.hidden:
        raise ValueError("`hidden` names no layer")
    if strange := [name for name in facts.frozen if name not in facts.shapes()]:
        raise ValueError(f"`frozen` names `{strange[0]}`, which is no tensor of it")
    return facts


def _count(config: dict[str, Any], name: str) -> int:
    return _positive(name, config[name])


def _positive(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"`{name}` must hold whole numbers above 0")
    return value


def _check_tensors(facts: MlpFacts, header: dict[str, Any], data_bytes: int) -> None:
    expected = facts.shapes()
    for name, shape in expected.items():
        entry = header.get(name)
        if not isinstance(entry, dict):
            raise BadCheckpointError("CS506", f"expected a tensor `{name}`, found none", _CONFIG_HELP)
        found = tuple(entry.get("shape", ()))
        if found != shape:
            raise BadCheckpointError(
                "CS506", f"expected `{name}` of shape {_shape(shape)}, found {_shape(found)}", _SHAPES
            )
        if entry.get("dtype") not in ("F32", "F64", "F16", "BF16"):
            raise BadCheckpointError(
                "CS506", f"expected `{name}` in floating point, found {entry.get('dtype')}", _SHAPES
            )
    if extra := sorted(set(header) - set(expected)):
        raise BadCheckpointError("CS506", f"it holds `{extra[0]}`, which its configuration does not know", _SHAPES)
    needed = sum(math.prod(e["shape"]) * ITEM_BYTES[e["dtype"]] for e in header.values())
    if data_bytes < needed:
        raise BadCheckpointError(
            "CS504", f"it is truncated: {needed - data_bytes:,} bytes are missing", "copy it again"
        )


_SHAPES = "its weights and its `cspec.config` must agree"


def _shape(shape: tuple[int, ...]) -> str:
    return "[" + ", ".join(map(str, shape)) + "]"
