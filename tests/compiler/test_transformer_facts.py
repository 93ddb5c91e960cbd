"""What a transformer's configuration says: against transformers' own classes, and where it is broken."""

import json
from pathlib import Path
from typing import Any

import pytest
from cspec.compiler.network_facts import BadCheckpointError, read_tokenizer, read_transformer_facts
from cspec.compiler.network_facts.locate import find_snapshot, is_folder
from cspec.compiler.network_facts.transformer import parse_transformer_config

COMMON: dict[str, Any] = {
    "hidden_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 40,
    "vocab_size": 90,
    "max_position_embeddings": 70,
}
CONFIGS: list[dict[str, Any]] = [
    {"model_type": "gpt2", "n_embd": 24, "n_layer": 3, "n_head": 4, "vocab_size": 90, "n_positions": 70},
    {"model_type": "gpt_neox", **COMMON},
    {"model_type": "gpt_neox", "use_parallel_residual": False, **COMMON},
    {"model_type": "llama", "num_key_value_heads": 2, **COMMON},
    {"model_type": "mistral", "num_key_value_heads": 1, "head_dim": 8, **COMMON},
    {"model_type": "qwen2", "num_key_value_heads": 2, **COMMON},
    {"model_type": "qwen3", "num_key_value_heads": 2, "head_dim": 16, **COMMON},
    {"model_type": "gemma", "num_key_value_heads": 4, "head_dim": 12, **COMMON},
    {"model_type": "gemma2", "num_key_value_heads": 2, "head_dim": 12, **COMMON},
    {"model_type": "gemma3_text", "num_key_value_heads": 1, "head_dim": 12, **COMMON},
    {"model_type": "bert", **COMMON},
]
SIZES = {"q": "heads", "head_out": "heads", "k": "key_heads", "v": "key_heads"}


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config["model_type"])
def test_sites_are_as_wide_as_the_weights(config: dict[str, Any]) -> None:
    """The projections of a network that transformers itself builds have the sizes that the facts give."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    facts = parse_transformer_config(config)
    own = transformers.AutoConfig.for_model(**config)
    with torch.device("meta"):
        shapes = {name: tuple(p.shape) for name, p in transformers.AutoModel.from_config(own).named_parameters()}

    def inputs_and_outputs(part: str) -> set[int]:
        return {size for name, shape in shapes.items() if part in name and name.endswith("weight") for size in shape}

    def heads(component: str) -> int:
        width = facts.width(component, 2)
        assert width is not None
        return facts.heads_of(component) * width

    queries, keys = heads("q"), heads("k")
    assert heads("head_out") == queries
    assert heads("v") == keys
    if config["model_type"] in ("gpt2", "gpt_neox"):  # one matrix for queries, keys and values
        fused = inputs_and_outputs("c_attn" if config["model_type"] == "gpt2" else "query_key_value")
        assert fused == {facts.stream, queries + 2 * keys}
    elif config["model_type"] == "bert":
        assert inputs_and_outputs("attention.self.query") == {facts.stream, queries}
    else:
        assert inputs_and_outputs("q_proj") == {facts.stream, queries}
        assert inputs_and_outputs("k_proj") == inputs_and_outputs("v_proj") == {facts.stream, keys}
        assert inputs_and_outputs("o_proj") == {facts.stream, queries}
    assert facts.mlp in {size for shape in shapes.values() for size in shape}
    assert (facts.width("mlp_act", 0), facts.width("resid_post", 2)) == (facts.mlp, 24)
    assert facts.layers("attn_out") == (0, 1, 2)
    assert facts.width("resid_post", 3) is None
    assert (facts.classes, facts.token_counts, facts.accepts(70), facts.accepts(71)) == (90, "1 to 70", True, False)


def test_parallel_layers_have_no_stream_between_attention_and_mlp() -> None:
    parallel, plain = (parse_transformer_config(config) for config in CONFIGS[1:3])
    assert parallel.layers("resid_mid") == ()
    assert plain.layers("resid_mid") == (0, 1, 2)
    assert "resid_mid" not in parallel.sites


def test_text_of_a_network_for_pictures_too() -> None:
    config = {"model_type": "gemma3", "text_config": CONFIGS[9]}
    assert parse_transformer_config(config).heads == 4


def test_an_unknown_architecture_has_modules_only() -> None:
    facts = parse_transformer_config({"model_type": "novel", "vocab_size": 7})
    assert facts.layers("module") == (None,)
    assert facts.layers("resid_post") == facts.layers("logits") == ()
    assert facts.accepts(10**6)


@pytest.mark.parametrize(
    "change",
    [
        *({"hidden_size": 0}, {"hidden_size": "24"}, {"num_attention_heads": 5}, {"num_key_value_heads": 3}),
        *({"vocab_size": None}, {"max_position_embeddings": True}, {"model_type": 3}),
        *({"num_hidden_layers": 10**9}, {"hidden_size": 10**9}, {"vocab_size": 10**9}, {"head_dim": 10**9}),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIGS[3] | change))
    with pytest.raises(BadCheckpointError) as caught:
        read_transformer_facts(tmp_path)
    assert caught.value.code == "CS532"


@pytest.mark.parametrize("content", ["", "[]", "{", "null", "[" * 100_000, "\udcff"])
def test_broken_files_are_no_tracebacks(content: str, tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(BadCheckpointError, match="config"):
        read_transformer_facts(tmp_path)
    with pytest.raises(BadCheckpointError, match="tokenizer"):
        read_tokenizer(tmp_path)


def test_known_architectures_need_no_code(tmp_path: Path) -> None:
    """`auto_map` says where code would be; an architecture that is known runs without it."""
    (tmp_path / "config.json").write_text(json.dumps(CONFIGS[3] | {"auto_map": {"AutoModel": "a.B"}}))
    assert read_transformer_facts(tmp_path).architecture == "llama"


# --- the local cache -------------------------------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    root = tmp_path / "models--org--name"
    (root / "refs" / "pr").mkdir(parents=True)
    for revision, commit in (("main", "aaa"), ("pr/1", "bbb")):
        (root / "refs" / revision).write_text(commit)
        (root / "snapshots" / commit).mkdir(parents=True)
    return root / "snapshots"


def test_a_repository_is_found_by_branch_and_commit(cache: Path) -> None:
    assert find_snapshot("org/name", None) == cache / "aaa"
    assert find_snapshot("org/name", "pr/1") == find_snapshot("org/name", "bbb") == cache / "bbb"


def test_the_cache_may_be_named_by_its_home(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = cache.parent.parent
    monkeypatch.delenv("HF_HUB_CACHE")
    monkeypatch.setenv("HF_HOME", str(home))
    with pytest.raises(BadCheckpointError):
        find_snapshot("org/name", None)
    (home / "hub").symlink_to(home)
    assert find_snapshot("org/name", None).name == "aaa"


@pytest.mark.parametrize(
    ("repository", "revision"),
    [("org/other", None), ("org/name", "v2"), ("org/name", "../../snapshots/aaa"), ("org/name", "..")],
)
def test_what_is_not_fetched_is_said(cache: Path, repository: str, revision: str | None) -> None:
    with pytest.raises(BadCheckpointError) as caught:
        find_snapshot(repository, revision)
    assert caught.value.code == "CS531"
    assert "commit" in caught.value.remedy or f"hf download {repository}" in caught.value.remedy


def test_a_reference_cannot_lead_out_of_the_cache(cache: Path) -> None:
    (cache.parent / "refs" / "evil").write_text("../refs")
    with pytest.raises(BadCheckpointError):
        find_snapshot("org/name", "evil")


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("./lm", True),
        ("../lm", True),
        ("/lm", True),
        ("there", True),
        ("gpt2", False),
        ("org/name", False),
        ("a/b/c", True),
    ],
)
def test_folders_and_repositories_are_told_apart(name: str, folder: bool, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    assert is_folder(name, tmp_path) == folder
