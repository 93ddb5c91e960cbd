"""Facts of networks from the headers of their files: what is accepted, and how each fault is named."""

import json
import math
import re
import struct
from pathlib import Path
from typing import Any

import cspec
import pytest
from cspec.compiler.network_facts import BadCheckpointError, MlpFacts, NetworkFacts, TracrFacts, read_network_facts
from cspec.compiler.network_facts.read_facts import ARCHITECTURES

SPECS = Path(cspec.__file__).parent / "specs"

MLP: dict[str, Any] = {"architecture": "mlp", "vocab": 5, "inputs": 3, "embed": 2, "hidden": [7, 4], "classes": 3}
TRACR: dict[str, Any] = {
    "architecture": "tracr", "vocab": 6, "bos": 4, "positions": 5, "width": 8, "layers": 2, "heads": 2, "key": 3,
    "mlp": 9, "classes": 3,
}  # fmt: skip
MLP_FACTS = MlpFacts(inputs=3, vocabulary=5, embed=2, hidden=(7, 4), classes=3)
NUMBERS: dict[str, Any] = {"architecture": "mlp", "inputs": 3, "hidden": [7, 4], "classes": 3}
NUMBERS_FACTS = MlpFacts(inputs=3, vocabulary=0, embed=1, hidden=(7, 4), classes=3)
TRACR_FACTS = TracrFacts(vocabulary=6, bos=4, context=5, stream=8, blocks=2, heads=2, key=3, mlp=9, classes=3)


def write(path: Path, config: Any, shapes: dict[str, Any], dtype: str = "F32", data: bytes | None = None) -> Path:
    """A safetensors file by hand: the header says anything, the data are zeros."""
    header: dict[str, Any] = {
        "__metadata__": {"cspec.config": config if isinstance(config, str) else json.dumps(config)}
    }
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + 4 * math.prod(shape)
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}
    start_of_file = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(start_of_file)) + start_of_file + (b"\0" * end if data is None else data))
    return path


def fault(folder: Path, config: Any, shapes: dict[str, Any], **more: Any) -> BadCheckpointError:
    with pytest.raises(BadCheckpointError) as raised:
        read_network_facts(write(folder / "net.safetensors", config, shapes, **more))
    assert raised.value.remedy
    return raised.value


@pytest.mark.parametrize(("config", "facts"), [(MLP, MLP_FACTS), (NUMBERS, NUMBERS_FACTS), (TRACR, TRACR_FACTS)])
def test_a_file_that_agrees_with_its_configuration_is_read(tmp_path: Path, config: Any, facts: NetworkFacts) -> None:
    assert read_network_facts(write(tmp_path / "net.safetensors", config, facts.shapes())) == facts


@pytest.mark.parametrize("length", [1152, 1408])
def test_a_header_whose_length_is_written_like_the_start_of_a_pickle_is_read(tmp_path: Path, length: int) -> None:
    """1152 is 80 04 00 .. in the file, and 80 04 is how a pickle of protocol 4 begins."""
    path = write(tmp_path / "net.safetensors", MLP, MLP_FACTS.shapes())
    whole = path.read_bytes()
    (old,) = struct.unpack("<Q", whole[:8])
    header, data = whole[8 : 8 + old], whole[8 + old :]
    path.write_bytes(struct.pack("<Q", length) + header.ljust(length) + data)
    assert read_network_facts(path) == MLP_FACTS


def test_optional_entries_are_read(tmp_path: Path) -> None:
    config = TRACR | {"causal": True, "frozen": ["pos_embed", "L1.mlp.in.b"], "init": "lecun"}
    facts = read_network_facts(write(tmp_path / "net.safetensors", config, TRACR_FACTS.shapes()))
    assert isinstance(facts, TracrFacts)
    assert facts.causal
    assert facts.frozen == ("pos_embed", "L1.mlp.in.b")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"architecture": "gpt"}, "expected the architecture `mlp` or `tracr`, found `gpt`"),
        ({"architecture": ["tracr"]}, "expected the architecture `mlp` or `tracr`, found `['tracr']`"),
        ({"hidden": [4]}, "unknown entry `hidden`"),
        ({"key": None}, "`key` must hold whole numbers above 0"),
        ({"heads": 0}, "`heads` must hold whole numbers above 0"),
        ({"layers": True}, "`layers` must hold whole numbers above 0"),
        ({"bos": 6}, "`bos` must be a token id of 0..5"),
        ({"bos": -1}, "`bos` must be a token id of 0..5"),
        ({"bos": "4"}, "`bos` must be a token id of 0..5"),
        ({"positions": 1}, "`positions` must be at least 2: `bos` takes one of them"),
        ({"causal": 1}, "`causal` must be true or false"),
        ({"init": "torch"}, "expected the init law `lecun`, found `torch`"),
        ({"frozen": ["embed"]}, "`frozen` names `embed`, which is no tensor of it"),
    ],
)
def test_each_fault_of_a_configuration_is_named(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    found = fault(tmp_path, TRACR | change, TRACR_FACTS.shapes())
    assert found.code == "CS505"
    assert found.reason == f"its `cspec.config` cannot be used: {reason}"


@pytest.mark.parametrize("entry", sorted(set(TRACR) - {"architecture"}))
def test_an_entry_that_is_missing_is_named(tmp_path: Path, entry: str) -> None:
    found = fault(tmp_path, {k: v for k, v in TRACR.items() if k != entry}, TRACR_FACTS.shapes())
    assert found.code == "CS505"
    assert f"the entry `{entry}` is missing" in found.reason


@pytest.mark.parametrize("config", ["[]", "{", '"tracr"', "3"])
def test_a_configuration_that_is_no_table_is_refused(tmp_path: Path, config: str) -> None:
    assert fault(tmp_path, config, TRACR_FACTS.shapes()).code == "CS505"


@pytest.mark.parametrize("name", TRACR_FACTS.shapes())
def test_every_tensor_must_be_there_in_the_shape_that_the_configuration_gives_it(tmp_path: Path, name: str) -> None:
    shapes = TRACR_FACTS.shapes()
    rest = {n: s for n, s in shapes.items() if n != name}
    found = fault(tmp_path, TRACR, rest)
    assert (found.code, found.reason) == ("CS506", f"expected a tensor `{name}`, found none")
    found = fault(tmp_path, TRACR, rest | {name: (*shapes[name], 1)})
    assert found.code == "CS506"
    assert f"expected `{name}` of shape {list(shapes[name])}, found {[*shapes[name], 1]}" == found.reason


def test_other_tensors_other_numbers_and_missing_bytes_are_refused(tmp_path: Path) -> None:
    shapes = TRACR_FACTS.shapes()
    found = fault(tmp_path, TRACR, shapes | {"L2.attn.q.w": (8, 6)})
    assert (found.code, found.reason) == ("CS506", "it holds `L2.attn.q.w`, which its configuration does not know")
    found = fault(tmp_path, TRACR, shapes, dtype="I32")
    assert (found.code, found.reason) == ("CS506", "expected `token_embed` in floating point, found I32")
    found = fault(tmp_path, TRACR, shapes, data=b"\0" * 100)
    assert found.code == "CS504"


def test_what_an_mlp_reads_and_where_it_can_be_read() -> None:
    facts = MLP_FACTS
    assert [n for n in range(6) if facts.accepts(n)] == [3]
    assert facts.positions(3) is None
    assert {facts.token_position(i, 3) for i in range(3)} == {0}
    assert facts.layers("hidden") == (0, 1, 2)
    assert [facts.width("hidden", i) for i in (-1, 0, 1, 2, 3, None)] == [None, 6, 7, 4, None, None]
    assert facts.last_site == ("hidden", facts.last_layer) == ("hidden", 2)
    assert facts.layers("resid") == ()


def test_an_mlp_without_an_embedding_reads_numbers(tmp_path: Path) -> None:
    facts = NUMBERS_FACTS
    assert (facts.reads_numbers, MLP_FACTS.reads_numbers, TRACR_FACTS.reads_numbers) == (True, False, False)
    assert [facts.width("hidden", i) for i in (0, 1, 2)] == [3, 7, 4]
    assert "embed.weight" not in facts.shapes()
    for entry, other in (("vocab", "embed"), ("embed", "vocab")):
        found = fault(tmp_path, NUMBERS | {entry: 5}, facts.shapes())
        assert found.reason == f"its `cspec.config` cannot be used: the entry `{other}` is missing"
    found = fault(tmp_path, NUMBERS, facts.shapes() | {"layers.0.weight": (7, 4)})
    assert (found.code, found.reason) == ("CS506", "expected `layers.0.weight` of shape [7, 3], found [7, 4]")
    assert fault(tmp_path, NUMBERS, MLP_FACTS.shapes() | {"layers.0.weight": (7, 3)}).code == "CS506"


def test_what_a_compiled_transformer_reads_and_where_it_can_be_read() -> None:
    facts = TRACR_FACTS
    assert [n for n in range(7) if facts.accepts(n)] == [1, 2, 3, 4]
    assert facts.token_counts == "1 to 4"
    assert facts.positions(3) == 4
    assert [facts.token_position(i, 3) for i in range(3)] == [1, 2, 3]
    assert facts.layers("resid") == (0, 1, 2, 3, 4)
    assert [facts.width("resid", s) for s in (-1, 0, 4, 5, None)] == [None, 8, 8, None, None]
    assert (facts.width("logits", None), facts.width("logits", 0)) == (3, None)
    assert facts.last_site == ("resid", facts.last_layer) == ("resid", 4)
    assert facts.layers("hidden") == ()


def test_the_configurations_that_the_documentation_shows_are_accepted() -> None:
    page = (SPECS.parent / "docs" / "networks.md").read_text(encoding="utf-8")
    configs = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.S)]
    facts = {config["architecture"]: ARCHITECTURES[config["architecture"]](config) for config in configs}
    assert facts.keys() == ARCHITECTURES.keys()
    assert facts["tracr"] == read_network_facts(SPECS / "tracr" / "hist.safetensors")


@pytest.mark.parametrize("path", sorted(SPECS.glob("*/*.safetensors")), ids=lambda path: path.stem)
def test_the_gallerys_checkpoints_are_read(path: Path) -> None:
    if path.stem == "rotations":
        with pytest.raises(BadCheckpointError, match=r"no entry `cspec\.config`"):
            read_network_facts(path)
    else:
        facts = read_network_facts(path)
        for component in ("hidden", "resid", "logits"):
            assert all(facts.width(component, layer) for layer in facts.layers(component))
        assert facts.width(*facts.last_site)
