"""Graphs whose nodes read variables, on compiled transformers: an edge where the program reads, and no other."""

import itertools
import json
import re
import shutil
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cspec
import networkx as nx
import pytest
from cspec.cli.workflow import compile
from cspec.compiler.plan import DecideStep
from cspec.tests.command_line import run

TRACR = Path(cspec.__file__).parent / "specs" / "tracr"
TRUTH: dict[str, Any] = json.loads((TRACR / "truth.json").read_text(encoding="utf-8"))
COMPILERS_NAMES = {"balance": "balance_()", "zero": "map"}
"""What the compiler calls variables that have another name in the spec."""

Graph = dict[str, Any]
Input = tuple[int, ...]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Graph]:
    """The gallery's graphs, verified: every claim on their edges holds."""
    done = run("verify", TRACR / "dataflow.cspec", "--json", "--store", tmp_path_factory.mktemp("store"))
    assert done.status == 0
    return {graph["name"]: graph for graph in done.document["result"]["graphs"]}


def edges_of(graph: Graph) -> dict[tuple[str, str], Any]:
    """Each edge by the compiler's names of what its nodes are."""
    variables = {node["name"]: node["circuit"].partition(".")[2] for node in graph["nodes"]}
    named = {node: COMPILERS_NAMES.get(variable, variable) for node, variable in variables.items()}
    return {(named[edge["source"]], named[edge["target"]]): edge for edge in graph["edges"]}


@pytest.mark.parametrize(
    ("graph", "program", "nodes"), [("sorting_reads", "sort_unique", 3), ("balance_reads", "shuffle_dyck", 12)]
)
def test_direct_edges_are_the_compiled_programs(
    graph: str, program: str, nodes: int, measured: dict[str, Graph]
) -> None:
    found, known = edges_of(measured[graph]), TRUTH[program]["variables"]
    there = {node for pair in found for node in pair}
    assert len(there) == nodes
    reads = {(source, target) for source, target in TRUTH[program]["edges"] if {source, target} <= there}
    assert {pair for pair, edge in found.items() if edge["stands_out"] == "direct"} == reads
    ways = {(source, target) for source in there for target in nx.descendants(nx.DiGraph(reads), source)}
    for pair, edge in found.items():
        assert edge["own"]["direct"]["change"]["exact"] == "0" or pair in reads
        assert edge["stands_out"] == ("direct" if pair in reads else "indirect" if pair in ways else "none"), pair
        assert edge["along"] == (pair in ways - reads)
        assert known[pair[0]]["written"] < known[pair[1]]["written"]
    assert len(found) + len(measured[graph]["unreached"]) == nodes * (nodes - 1)
    assert all(node["reads_right"] in (None, 1) for node in measured[graph]["nodes"])


# --- the sorting program, in plain Python ----------------------------------------------------------------------------

INPUTS: list[Input] = list(itertools.permutations(range(1, 7), 3))


def places(tokens: Input) -> Input:
    return tuple(sum(other < token for other in tokens) for token in tokens)


def arranged(tokens: Input, at: Input) -> Input:
    return tuple(token for _, token in sorted(zip(at, tokens, strict=True)))


def output(base: Input, source: Input, variable: str) -> Input:
    """What the program says when a variable is that of the source."""
    return tuple(sorted(source)) if variable == "tokens" else arranged(base, places(source))


Effect = Callable[[Input, Input], bool]
TOTAL: dict[tuple[str, str], Effect] = {
    ("tokens", "target_pos"): lambda base, source: places(source) != places(base),
    ("tokens", "sort"): lambda base, source: sorted(source) != sorted(base),
    ("target_pos", "sort"): lambda base, source: arranged(base, places(source)) != arranged(base, places(base)),
}
DIRECT = TOTAL | {
    ("tokens", "sort"): lambda base, source: arranged(source, places(base)) != arranged(base, places(base))
}
INDIRECT: dict[tuple[str, str], Effect] = {
    ("tokens", "target_pos"): lambda base, source: False,
    ("tokens", "sort"): TOTAL["target_pos", "sort"],
    ("target_pos", "sort"): lambda base, source: False,
}


def halved(values: Iterable[tuple[bool, bool]]) -> Fraction:
    """The mean of both halves, items that change the output and others."""
    halves: dict[bool, list[bool]] = {True: [], False: []}
    for changes, value in values:
        halves[changes].append(value)
    return sum((Fraction(sum(half), len(half)) for half in halves.values()), Fraction(0)) / 2


def test_changes_are_the_fractions_that_plain_python_counts(measured: dict[str, Graph]) -> None:
    for pair, edge in edges_of(measured["sorting_reads"]).items():
        for name, effects in (("total", TOTAL), ("direct", DIRECT), ("indirect", INDIRECT)):
            counted = (
                (output(base, source, pair[0]) != tuple(sorted(base)), effects[pair](base, source))
                for base, source in itertools.product(INPUTS, repeat=2)
            )
            found = edge["own"][name]
            assert Fraction(found["change"]["exact"]) == halved(counted), (pair, name)
            assert found["effect"] is None
        assert edge["own"]["interaction"] is None
        assert edge["null"] is None


def spec_of(folder: Path, *claims: str) -> Path:
    """The gallery's spec with further claims, after its own."""
    for network in ("sort_unique", "shuffle_dyck"):
        shutil.copy(TRACR / f"{network}.safetensors", folder)
    text = (TRACR / "dataflow.cspec").read_text(encoding="utf-8")
    (path := folder / "spec.cspec").write_text(text + "\n" + "\n".join(claims) + "\n", encoding="utf-8")
    return path


def test_claims_on_edges_read_what_the_graph_measured(tmp_path: Path) -> None:
    edge = "claim c: change(numbers -> sorted given places) >= 0.5 exhaustively"
    plan = compile(spec_of(tmp_path, edge))
    graph = next(step for step in map(plan.step, plan.graphs) if getattr(step, "name", "") == "sorting_reads")
    decide = plan.step(plan.claims[-1])
    assert isinstance(decide, DecideStep)
    assert decide.quantities[0].evaluate in getattr(graph, "evaluations", ())


def test_a_variable_in_its_block_and_the_answer_of_its_name_are_two_measurements(tmp_path: Path) -> None:
    """`s.sort` is read from the stream, `sort` is what the network says."""
    plan = compile(
        spec_of(
            tmp_path,
            "claim block: change(s.target_pos -> s.sort) >= 0.1 exhaustively",
            "claim answer: change(s.target_pos -> sort) >= 0.1 exhaustively",
        )
    )
    block, answer = (plan.step(key) for key in plan.claims[-2:])
    assert isinstance(block, DecideStep)
    assert isinstance(answer, DecideStep)
    assert block.quantities[0].evaluate != answer.quantities[0].evaluate


def test_what_is_no_number_has_no_mean_effect(tmp_path: Path) -> None:
    """A family is a tuple, whose code is no value of its own."""
    done = run("check", spec_of(tmp_path, "claim c: effect(numbers -> places) >= 0.1 exhaustively"))
    assert done.status == 2
    assert "CS470" in done.err


def test_without_inputs_to_learn_reading_on_the_spec_is_refused(tmp_path: Path) -> None:
    spec = spec_of(tmp_path)
    spec.write_text(spec.read_text().replace("split .98 .01 .01", "split .000001 .000001 .999998"))
    done = run("check", spec)
    assert done.status == 2
    assert "CS432" in done.err
    assert "split" in done.err


def test_what_is_quoted_is_printed(tmp_path: Path) -> None:
    """The quoted lines, in their order; a quotation may leave lines out."""
    spec = spec_of(tmp_path)
    text = spec.read_text()
    spec.write_text(text[: text.index("type bracket")])
    printed = run("verify", spec).out.split("\n")
    readme = (TRACR / "README.md").read_text(encoding="utf-8")
    (quoted,) = re.findall(r"^<!-- graph: dataflow sorting_reads -->\n```text\n(.*?)^```$", readme, re.S | re.M)
    at = 0
    for line in quoted.rstrip("\n").split("\n"):
        assert line in printed[at:], line
        at = printed.index(line, at) + 1
