"""The library's reading of a folder's `config.json`, which must be that of the check."""

from pathlib import Path
from typing import Any

from transformers import AutoConfig, PreTrainedConfig

from ....compiler.network_facts import TransformerFacts
from ...errors import EnvironmentProblem


def read_config(name: str, folder: Path, facts: TransformerFacts) -> PreTrainedConfig:
    """The configuration of the network `name`.

    Raises:
        EnvironmentProblem: the library refuses it, fills in what the check has taken for something else, or the network
            could not be run prompt by prompt.
    """
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as problem:  # the library raises no narrower class
        raise _unusable(name, first_line(problem), "name an architecture that transformers knows") from None
    if getattr(config, "quantization_config", None) is not None:
        raise _unusable(name, "its weights are quantized", "name the network before it was quantized")
    if "longrope" in _kinds_of_positions(config):
        raise _unusable(
            name, "its position embeddings change with the longest prompt of a batch (`longrope`)", "name another one"
        )
    named = getattr(config, "_attn_implementation", None)
    if named is not None and (not isinstance(named, str | dict) or str(named).startswith("paged|")):
        raise refused_attention(name, f"`{named}`, which runs no prompt by itself")
    if facts.known:
        _check_shapes(name, config, facts)
    config.chunk_size_feed_forward = 0  # chunks change no number, but cut activations into pieces
    found: PreTrainedConfig = config
    return found


def refused_attention(name: str, reason: str) -> EnvironmentProblem:
    """The configuration names a way of attending that is not there, or is none for single runs."""
    return _unusable(name, f"its `attn_implementation` is {reason}", "leave it out, or name `eager`")


def first_line(problem: Exception) -> str:
    """The first sentence of what a library says; of a look-up that failed, what was looked up."""
    if isinstance(problem, KeyError):
        return f"the transformers library knows no {problem}"
    lines = str(problem).strip().splitlines()
    return lines[0].split(". ")[0].rstrip(".:") if lines else type(problem).__name__


def _check_shapes(name: str, config: PreTrainedConfig, facts: TransformerFacts) -> None:
    """What the configuration leaves out is filled in by the library as the check has done."""
    text: Any = config.get_text_config()
    taken = {
        "model_type": facts.architecture,
        "num_hidden_layers": facts.blocks,
        "hidden_size": facts.stream,
        "num_attention_heads": facts.heads,
        "num_key_value_heads": facts.key_heads,
        "head_dim": facts.head_width,
        "vocab_size": facts.vocabulary,
    }
    optional = {"num_key_value_heads", "head_dim"}  # without them, there are as many as heads, and the stream is shared
    for entry, expected in taken.items():
        found = getattr(config if entry == "model_type" else text, entry, None)
        if found != expected and not (found is None and entry in optional):
            message = f"`{entry}` was taken to be {expected}, and the transformers library takes {found}"
            raise _unusable(name, message, f"state `{entry}` in it")


def _kinds_of_positions(config: PreTrainedConfig) -> set[str]:
    """The kinds of rotary embeddings, of which layers may have several."""
    found: Any = getattr(config.get_text_config(), "rope_parameters", None) or {}
    each = [found, *(part for part in found.values() if isinstance(part, dict))]
    return {str(part.get("rope_type")) for part in each}


def _unusable(name: str, reason: str, help: str) -> EnvironmentProblem:
    return EnvironmentProblem("CS532", f"the `config.json` of `{name}` cannot be used: {reason}", help)
