"""Measured graphs on a network wired by hand, in which a backup takes over: every number against plain Python."""

import itertools
import json
import re
import runpy
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import networkx as nx
from cspec.cli.workflow import compile
from cspec.compiler.plan import DecideStep, GraphStep, ItemsStep
from cspec.tests.command_line import run as run_command

GALLERY = Path(__file__).parents[2] / "specs" / "self_repair"
TASK = """
task first {
  input  x, n: 0..%d
  output odd: bool
  tokens [x, n]
  answer odd: { false: 0, true: 1 }
}
model reads_x for first { odd = x // 2 * 2 != x }
network wired = torch("wired.safetensors")
circuit backup = { hidden[2][1..2] }
"""
GRAPH = """
graph skills on wired%s {
  node copy:    hidden[1][0] -> correct
  node spare:   hidden[1][1] -> correct
  node carried: hidden[2][0] -> correct
  node backup_: backup -> correct
  node idle:    hidden[1][2] -> correct
}
"""
NODES = ("copy", "spare", "carried", "backup_", "idle")


def write_network(folder: Path) -> None:
    """The gallery's network, in which a backup takes over."""
    runpy.run_path(str(GALLERY / "wire.py"))["write_network"](folder / "wired.safetensors")


def run(x: int, n: int, **made: Any) -> dict[str, Any]:
    """All values of a run in which some are set, and the answer."""
    at: dict[str, Any] = {"copy": x % 2, "spare": x % 2, "idle": n % 2} | {
        k: v for k, v in made.items() if k in ("copy", "spare", "idle")
    }
    copy, spare = at["copy"], at["spare"]
    at["carried"] = made.get("carried", copy)
    at["backup_"] = made.get("backup_", (max(0, spare - copy), max(0, copy - spare)))
    more, less = at["backup_"]
    at["answer"] = at["carried"] + more - less > 0.5
    return at


def right(x: int, said: dict[str, Any]) -> int:
    return int(said["answer"] == (x % 2 == 1))


Input = tuple[int, int]


def total(source: str, target: str, base: Input, other: Input) -> int:
    value = run(*other)[source]
    return right(base[0], run(*base, **{source: value})) - right(base[0], run(*base))


def direct(source: str, target: str, base: Input, other: Input) -> int:
    own = run(*base)
    held = {node: own[node] for node in NODES if node not in (source, target)}
    return right(base[0], run(*base, **held | {source: run(*other)[source]})) - right(base[0], own)


def indirect(source: str, target: str, base: Input, other: Input) -> int:
    moved = run(*base, **{source: run(*other)[source]})
    through = {node: moved[node] for node in NODES if node not in (source, target)}
    return right(base[0], run(*base, **through)) - right(base[0], run(*base))


Effect = Callable[[str, str, Input, Input], int]
EFFECTS: dict[str, Effect] = {"total": total, "direct": direct, "indirect": indirect}


def halved(values: Iterable[tuple[bool, int]]) -> Fraction:
    """The mean of both halves, items that change the output and others."""
    halves: dict[bool, list[int]] = {True: [], False: []}
    for changes, value in values:
        halves[changes].append(value)
    return sum((Fraction(sum(half), len(half)) for half in halves.values()), Fraction(0)) / 2


PAIRS = list(itertools.product(itertools.product(range(8), repeat=2), repeat=2))


def verify(folder: Path, text: str, *options: str) -> tuple[int, Any]:
    (folder / "e.cspec").write_text(text)
    write_network(folder)
    done = run_command("verify", folder / "e.cspec", "--json", *options)
    return done.status, done.document


def edges_of(graph: Any) -> dict[tuple[str, str], Any]:
    return {(edge["source"], edge["target"]): edge for edge in graph["edges"]}


def test_a_whole_domain_gives_the_fractions_that_plain_python_counts(tmp_path: Path) -> None:
    status, document = verify(tmp_path, TASK % 7 + GRAPH % " exhaustively")
    (graph,) = document["result"]["graphs"]
    assert status == 0
    assert graph["whole_domain"]
    assert graph["network_accuracy"] == 1
    pairs = [(base, other, base[0] % 2 != other[0] % 2) for base, other in PAIRS]
    edges = edges_of(graph)
    assert len(edges) == 20
    for (source, target), edge in edges.items():
        for name, effect in EFFECTS.items():
            gains = [(changes, effect(source, target, base, other)) for base, other, changes in pairs]
            found = edge["own"][name]
            assert Fraction(found["effect"]["exact"]) == halved(gains), (source, target, name)
            assert Fraction(found["change"]["exact"]) == halved((c, abs(g)) for c, g in gains), (source, target, name)
        parts = [Fraction(edge["own"][name]["effect"]["exact"]) for name in EFFECTS]
        assert Fraction(edge["own"]["interaction"]["exact"]) == parts[0] - parts[1] - parts[2]
        assert Fraction(edge["own"]["made_up"]["exact"]) == parts[0] - parts[1]


def test_what_is_wired_stands_out_and_what_is_not_is_exactly_nothing(tmp_path: Path) -> None:
    _, document = verify(tmp_path, TASK % 7 + GRAPH % " exhaustively")
    (graph,) = document["result"]["graphs"]
    edges = edges_of(graph)
    for (source, target), edge in edges.items():
        if source == "idle":
            assert all(edge["own"][name]["change"]["exact"] == "0" for name in EFFECTS)
            assert edge["stands_out"] == "none"
        if edge["null"] is not None:  # every other neuron is read by nothing
            assert all(edge["null"][name]["change"]["exact"] == "0" for name in EFFECTS)
        assert edge["repaired"] == ((source, target) == ("copy", "carried"))
        reads = "direct" if any(direct(source, target, *pair) for pair in PAIRS) else "indirect"
        moves = any(total(source, target, *pair) or direct(source, target, *pair) for pair in PAIRS)
        assert edge["stands_out"] == (reads if moves else "none"), (source, target)


def test_a_backup_that_takes_over_is_noted_as_self_repair(tmp_path: Path) -> None:
    verify(tmp_path, TASK % 7 + GRAPH % " exhaustively")
    done = run_command("verify", tmp_path / "e.cspec")
    assert done.status == 0
    shown = " ".join(done.out.split())
    assert "self-repair: -0.5000 with the other nodes held, 0.0000 in all: they make up for 100% of it" in shown
    assert shown.count("self-repair") == 1
    assert "expectations" not in shown


def test_sampled_items_give_what_plain_python_counts_on_the_same_items(tmp_path: Path) -> None:
    _, document = verify(tmp_path, TASK % 63 + GRAPH % "")
    (graph,) = document["result"]["graphs"]
    count = graph["n"]
    plan = compile(tmp_path / "e.cspec")
    (population,) = [s.population for s in plan.steps() if isinstance(s, ItemsStep) and s.split == "test"]
    drawn = [[tuple(map(int, role)) for role in item] for item in population.draw("test", count).items.inputs]
    for (source, target), edge in edges_of(graph).items():
        for name, effect in EFFECTS.items():
            gains = [effect(source, target, base, other) for base, other in drawn]
            found = edge["own"][name]
            assert found["effect"]["estimate"] == sum(gains) / count
            assert found["change"]["estimate"] == sum(map(abs, gains)) / count
            assert found["effect"]["low"] <= found["effect"]["estimate"] <= found["effect"]["high"]
        assert edge["own"]["made_up"]["estimate"] == (
            edge["own"]["total"]["effect"]["estimate"] - edge["own"]["direct"]["effect"]["estimate"]
        )


def test_a_claim_on_an_edge_and_the_graph_are_one_measurement(tmp_path: Path) -> None:
    claim = "\nclaim edge: effect(copy -> carried given spare, backup_, idle) <= -0.4\n"
    (tmp_path / "e.cspec").write_text(TASK % 63 + GRAPH % "" + claim)
    write_network(tmp_path)
    plan = compile(tmp_path / "e.cspec")
    decide, graph = plan.step(plan.claims[0]), plan.step(plan.graphs[0])
    assert isinstance(decide, DecideStep)
    assert isinstance(graph, GraphStep)
    edge = next(edge for edge in graph.edges if (edge.source, edge.target) == ("copy", "carried"))
    assert decide.quantities[0].evaluate == edge.own.direct


def test_nodes_that_reach_each_other_are_one_component(tmp_path: Path) -> None:
    _, document = verify(tmp_path, TASK % 7 + GRAPH % " exhaustively")
    (graph,) = document["result"]["graphs"]
    found = nx.DiGraph((e["source"], e["target"]) for e in graph["edges"] if e["stands_out"] != "none")
    components = [{*group} for group in graph["order"]]
    assert sorted(map(sorted, components)) == sorted(map(sorted, nx.strongly_connected_components(found)))
    place = {node: index for index, group in enumerate(components) for node in group}
    assert all(place[source] <= place[target] for source, target in found.edges)


def test_a_second_run_reads_everything_from_the_store(tmp_path: Path) -> None:
    first = verify(tmp_path, TASK % 63 + GRAPH % "")
    done = run_command("plan", tmp_path / "e.cspec", "--json")
    assert done.document["plan"]["passes"]["whole"] == dict.fromkeys(("clean", "forward", "backward", "flops"), 0)
    assert verify(tmp_path, TASK % 63 + GRAPH % "") == first


def test_what_is_quoted_of_the_gallerys_graph_is_printed(tmp_path: Path) -> None:
    """The quoted lines, in their order; a quotation may leave lines out."""
    done = run_command("verify", GALLERY / "self_repair.cspec", "--store", tmp_path)
    assert done.status == 0
    printed = done.out.split("\n")
    for page in (GALLERY / "README.md", GALLERY.parents[1] / "docs" / "verdicts.md"):
        (quoted,) = re.findall(
            r"^<!-- graph: self_repair skills -->\n```text\n(.*?)^```$", page.read_text(), re.S | re.M
        )
        at = 0
        for line in quoted.rstrip("\n").split("\n"):
            assert line in printed[at:], line
            at = printed.index(line, at) + 1


def test_the_gallerys_network_is_what_its_script_writes(tmp_path: Path) -> None:
    write_network(tmp_path)
    assert (tmp_path / "wired.safetensors").read_bytes() == (GALLERY / "self_repair.safetensors").read_bytes()


def test_the_graph_command_shows_what_was_measured(tmp_path: Path) -> None:
    _, document = verify(tmp_path, TASK % 7 + GRAPH % " exhaustively")
    done = run_command("graph", tmp_path / "e.cspec", "--out", tmp_path)
    assert done.status == 0
    assert "graph skills on wired [measured]" in done.out
    written = json.loads((tmp_path / "e.graph.json").read_text())
    assert written["graph"]["measured"] == document["result"]["graphs"]
