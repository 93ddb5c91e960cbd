"""From a plain network's file to its facts: the configuration, checked against the shapes of the tensors."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .mlp import parse_mlp_config
from .protocol import NetworkFacts
from .read_header import BadCheckpointError, Header, read_header
from .tracr import parse_tracr_config

ARCHITECTURES: dict[str, Callable[[dict[str, Any]], NetworkFacts]] = {
    "mlp": parse_mlp_config,
    "tracr": parse_tracr_config,
}
ITEM_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
FLOATS = ("F32", "F64", "F16", "BF16")

_CONFIG_HELP = "write it as docs/networks.md describes"
_SHAPES = "its weights and its `cspec.config` must agree"


def read_network_facts(path: Path) -> NetworkFacts:
    """Read a plain network's configuration from its safetensors header.

    Raises:
        BadCheckpointError: the file is missing, truncated, no safetensors file (a pickle, for instance), has no or an
            unknown configuration, or holds tensors of other shapes than the configuration says.
    """
    header = read_header(path)
    config = header.metadata.get("cspec.config")
    if not isinstance(config, str):
        raise BadCheckpointError("CS505", "its metadata has no entry `cspec.config`", _CONFIG_HELP)
    try:
        facts = _parse_config(json.loads(config))
    except (ValueError, TypeError, KeyError) as problem:
        raise BadCheckpointError("CS505", f"its `cspec.config` cannot be used: {problem}", _CONFIG_HELP) from None
    _check_tensors(facts, header)
    return facts


def _parse_config(config: Any) -> NetworkFacts:
    if not isinstance(config, dict):
        raise ValueError("it is no table")
    architecture = config.get("architecture")
    if not isinstance(architecture, str) or architecture not in ARCHITECTURES:
        known = " or ".join(f"`{name}`" for name in ARCHITECTURES)
        raise ValueError(f"expected the architecture {known}, found `{architecture}`")
    return ARCHITECTURES[architecture](config)


def _check_tensors(facts: NetworkFacts, header: Header) -> None:
    expected = facts.shapes()
    for name, shape in expected.items():
        entry = header.tensors.get(name)
        if not isinstance(entry, dict):
            raise BadCheckpointError("CS506", f"expected a tensor `{name}`, found none", _CONFIG_HELP)
        found = tuple(entry.get("shape", ()))
        if found != shape:
            raise BadCheckpointError(
                "CS506", f"expected `{name}` of shape {_shape(shape)}, found {_shape(found)}", _SHAPES
            )
        if entry.get("dtype") not in FLOATS:
            raise BadCheckpointError(
                "CS506", f"expected `{name}` in floating point, found {entry.get('dtype')}", _SHAPES
            )
    if extra := sorted(set(header.tensors) - set(expected)):
        raise BadCheckpointError("CS506", f"it holds `{extra[0]}`, which its configuration does not know", _SHAPES)
    needed = sum(math.prod(e["shape"]) * ITEM_BYTES[e["dtype"]] for e in header.tensors.values())
    if header.data_bytes < needed:
        raise BadCheckpointError(
            "CS504", f"it is truncated: {needed - header.data_bytes:,} bytes are missing", "copy it again"
        )


def _shape(shape: tuple[int, ...]) -> str:
    return "[" + ", ".join(map(str, shape)) + "]"
