"""The weight files of a folder in the Hugging Face format: there, whole, and safetensors in floating point."""

import json
from collections.abc import Iterable
from pathlib import Path

from safetensors import SafetensorError, safe_open

from ...errors import EnvironmentProblem

_SINGLE, _INDEX = "model.safetensors", "model.safetensors.index.json"
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")
_REMEDY = "write it with `save_pretrained`, or copy it again"


def check_weight_files(name: str, folder: Path) -> tuple[Path, ...]:
    """The files that hold the weights of the network `name`, after a look at each one's header.

    Raises:
        EnvironmentProblem: there are none, they are pickled, or one is missing or broken.
    """
    if (folder / "adapter_config.json").exists():
        raise EnvironmentProblem(
            "CS506", f"the folder of `{name}` holds an adapter to another network", "merge it into the network first"
        )
    files = _listed(name, folder)
    for path in files:
        try:
            with safe_open(str(path), framework="pt"):
                pass
        except FileNotFoundError:
            raise EnvironmentProblem("CS502", f"the weights of `{name}` lack `{path.name}`", _REMEDY) from None
        except (OSError, SafetensorError) as problem:
            message = f"the weights of `{name}` in `{path.name}` are truncated or broken: {problem}"
            raise EnvironmentProblem("CS504", message, _REMEDY) from None
    return files


def check_floating(name: str, files: Iterable[Path], parameters: Iterable[str]) -> None:
    """The parameters of the network `name` are numbers of floating point in its files, where the body's have its prefix
    or not: what else the library would turn into such numbers are codes that something else explains.

    Raises:
        EnvironmentProblem: they are not.
    """
    wanted = {ending for parameter in parameters for ending in (parameter, parameter.split(".", 1)[-1])}
    for path in files:
        with safe_open(str(path), framework="pt") as tensors:
            for tensor in sorted(wanted & set(tensors.keys())):
                if (found := str(tensors.get_slice(tensor).get_dtype())).startswith(("I", "U", "BOOL")):
                    message = f"expected `{tensor}` of `{name}` in floating point, found {found}"
                    raise EnvironmentProblem("CS506", message, "name the network before it was quantized")


def _listed(name: str, folder: Path) -> tuple[Path, ...]:
    if (folder / _SINGLE).exists():
        return (folder / _SINGLE,)
    try:
        index = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
        shards = sorted(set(index["weight_map"].values()))
        if not shards or any(Path(shard).name != shard for shard in shards):
            raise ValueError
    except FileNotFoundError:
        if any(path for pattern in _PICKLES for path in folder.glob(pattern)):
            raise EnvironmentProblem(
                "CS503",
                f"the weights of `{name}` are pickled, and opening them would run code from them",
                "save them as safetensors: `model.save_pretrained(folder)`",
            ) from None
        raise EnvironmentProblem("CS502", f"the folder of `{name}` holds no `{_SINGLE}`", _REMEDY) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise EnvironmentProblem("CS504", f"the `{_INDEX}` of `{name}` is broken", _REMEDY) from None
    return tuple(folder / shard for shard in shards)
