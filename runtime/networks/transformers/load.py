"""From a folder in the Hugging Face format to a transformer with its weights, or with new ones by its own law."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, PreTrainedConfig, PreTrainedModel
from transformers.utils import logging

from ....compiler.network_facts import TransformerFacts
from ....compiler.plan import NetworkSource
from ...errors import EnvironmentProblem
from .families import Family, family_of
from .network import TransformerNetwork
from .read_config import first_line, read_config, refused_attention
from .weight_files import check_floating, check_weight_files


def load_transformer(source: NetworkSource) -> TransformerNetwork:
    """The transformer of a plan: on its device, in its dtype, frozen.

    Nothing is fetched, nothing is unpickled, and no code from the folder is run. `random(N)` is the same architecture
    with weights drawn by its own initialisation law (`_init_weights` of its class), in float32 under the plan's seed;
    tensors that the configuration lists as `frozen` are the file's.

    Raises:
        EnvironmentProblem: the folder, its weights or the device cannot be used.
    """
    file = source.file
    facts = file.facts
    assert isinstance(facts, TransformerFacts)
    device, dtype = _open_device(file.name, file.device), getattr(torch, file.dtype)
    family = family_of(facts.architecture, facts.parallel)
    files = check_weight_files(file.name, file.path)
    with _quiet():
        config = read_config(file.name, file.path, facts)
        kind = _head_class(file.name, config, family)
        if source.draw is None:
            model = _load(file.name, file.path, config, kind, family, dtype)
            check_floating(file.name, files, (name for name, _ in model.named_parameters()))
        else:
            model = _draw(file.name, config, kind, source.draw_seed)
            _copy(file.name, model, files, facts.frozen)
            for weight in model.parameters():  # of buffers some need their precision: the frequencies of positions
                weight.data = weight.data.to(dtype)
    if broken := [name for name, weight in model.named_parameters() if not bool(torch.isfinite(weight).all())]:
        message = f"the weights of `{file.name}` in `{broken[0]}` are not finite"
        raise EnvironmentProblem("CS507", message, "copy its files again, or take an earlier checkpoint")
    model.config.pad_token_id = None  # padding is told by -1; an id that pads elsewhere is a token like others
    placed: nn.Module = model
    placed.to(device)
    return TransformerNetwork(model, facts)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the library's own progress and warnings: what matters of them is an error here."""
    library: Any = logging
    verbosity, bar = library.get_verbosity(), library.is_progress_bar_enabled()
    library.set_verbosity(library.CRITICAL)
    library.disable_progress_bar()
    try:
        yield
    finally:
        library.set_verbosity(verbosity)
        if bar:
            library.enable_progress_bar()


def _open_device(name: str, wanted: str) -> torch.device:
    """A device that is there.

    Raises:
        EnvironmentProblem: it is not.
    """
    device = torch.device(wanted)
    there = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    count = there.get(device.type, 0)
    if (device.index or 0) < count:
        return device
    found = "none" if count == 0 else f"{count} of that kind"
    raise EnvironmentProblem(
        "CS537", f"expected a device `{wanted}` for `{name}`, found {found}", "run it elsewhere: `device: cpu`"
    )


def _head_class(name: str, config: PreTrainedConfig, family: Family | None) -> Any:
    """The library's class for an architecture with a language head.

    Raises:
        EnvironmentProblem: there is none.
    """
    kinds: tuple[Any, ...] = (AutoModelForCausalLM, AutoModelForMaskedLM)
    named = config.architectures or ()
    if (family is not None and not family.causal) or any(str(each).endswith("ForMaskedLM") for each in named):
        kinds = kinds[::-1]
    for kind in kinds:
        if type(config) in kind._model_mapping and not getattr(config, "is_encoder_decoder", False):
            return kind
    raise EnvironmentProblem(
        "CS539", f"the network `{name}` ({config.model_type}) gives no logits over tokens", _NO_HEAD
    )


_NO_HEAD = "name a network with a language head: a causal or a masked language model"


def _load(
    name: str, folder: Path, config: PreTrainedConfig, kind: Any, family: Family | None, dtype: Any
) -> PreTrainedModel:
    try:
        model, info = kind.from_pretrained(
            folder,
            config=config,
            dtype=dtype,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
        )
    except Exception as problem:  # the library raises no narrower class
        if named := _refuses_attention(config, problem):
            raise refused_attention(name, named) from None
        message = f"the weights of `{name}` cannot be loaded: {first_line(problem)}"
        raise EnvironmentProblem("CS506", message, _DISAGREE) from None
    if mismatched := sorted(info["mismatched_keys"]):
        tensor, there, expected = mismatched[0]
        message = f"expected `{tensor}` of `{name}` of shape {list(expected)}, found {list(there)}"
        raise EnvironmentProblem("CS506", message, _DISAGREE)
    if missing := sorted(info["missing_keys"]):
        if family is not None and all(_within(tensor, family.head) for tensor in missing):
            raise EnvironmentProblem(
                "CS539", f"the weights of `{name}` hold no language head: `{missing[0]}` is missing", _NO_HEAD
            )
        raise EnvironmentProblem("CS506", f"expected a tensor `{missing[0]}` of `{name}`, found none", _DISAGREE)
    spare = family.spare if family is not None else ()
    if extra := sorted(tensor for tensor in info["unexpected_keys"] if not tensor.startswith(spare)):
        message = f"the weights of `{name}` hold `{extra[0]}`, which its configuration does not know"
        raise EnvironmentProblem("CS506", message, _DISAGREE)
    loaded: PreTrainedModel = model
    _check_tied(name, loaded)
    return loaded


def _check_tied(name: str, model: PreTrainedModel) -> None:
    """A head that is said to be the embedding is: the library keeps one of its own where the file has another.

    Networks drawn at random would be tied, and so of another architecture than the one that they are controls of.
    """
    library: Any = model
    head, embedding = library.get_output_embeddings(), library.get_input_embeddings()
    if head is None or not getattr(library.config.get_text_config(), "tie_word_embeddings", False):
        return
    if head.weight is not embedding.weight and not torch.equal(head.weight, embedding.weight):
        raise EnvironmentProblem(
            "CS506",
            f"the language head of `{name}` is other than its embedding, and its configuration says that they are one",
            "state `tie_word_embeddings` as false in its `config.json`, or leave the head out of its weights",
        )


_DISAGREE = "its weights and its `config.json` must agree: copy both from one place"


def _refuses_attention(config: PreTrainedConfig, problem: Exception) -> str:
    """What the library says of the way of attending that a configuration names; nothing where that is not the fault."""
    named = getattr(config, "_attn_implementation", None)
    return "" if named is None or "ttention" not in str(problem) else f"`{named}`: {first_line(problem)}"


def _draw(name: str, config: PreTrainedConfig, kind: Any, seed: int) -> PreTrainedModel:
    """A network with fresh weights. The seed alone decides them: neither the dtype nor draws made elsewhere."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        try:
            model: PreTrainedModel = kind.from_config(config, dtype=torch.float32, trust_remote_code=False)
        except (ImportError, ValueError) as problem:
            if named := _refuses_attention(config, problem):
                raise refused_attention(name, named) from None
            raise
    return model


def _copy(name: str, model: PreTrainedModel, files: Iterable[Path], frozen: Iterable[str]) -> None:
    """Put tensors of the weight files in the place of drawn ones."""
    there = dict(model.state_dict(keep_vars=True))
    left = set(frozen)
    for path in files:
        with safe_open(str(path), framework="pt") as tensors:
            for tensor in left & set(tensors.keys()):
                value: Tensor = tensors.get_tensor(tensor)
                if tensor not in there or there[tensor].shape != value.shape:
                    continue
                with torch.no_grad():
                    there[tensor].copy_(value)
                left.discard(tensor)
    if left:
        message = f"`frozen` of `{name}` names `{min(left)}`, which is no tensor of it"
        raise EnvironmentProblem("CS506", message, _DISAGREE)


def _within(tensor: str, module: str) -> bool:
    return tensor.startswith(f"{module}.")
