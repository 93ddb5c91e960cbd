"""`cspec diff` of measured graphs: which edges appeared, vanished or moved, against plain Python on the same items."""

import itertools
import json
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import cspec
import numpy as np
import pytest
from cspec.compiler.plan import ItemsStep
from safetensors.numpy import save_file
from scipy.stats import beta

from .diffs import diff as compare
from .tools import run, spawn, write

SPEC = """
task parity {
  input  x, n: 0..%d
  output odd: bool
  tokens [x, n]
  answer odd: { false: 0, true: 1 }
}
model reads_x for parity { odd = x // 2 * 2 != x }
network net = torch("net.safetensors")
graph parts on net%s {
  node first: hidden[1][0] -> correct
  node veto:  hidden[1][1] -> correct
%s}
"""
CARRIED = "  node carried: hidden[2][0] -> correct\n"
Flags = frozenset[int]
Run = dict[str, int]


def wire(path: Path, flags: Flags, backup: bool = False) -> Path:
    """The answer is the parity of x, held in one neuron and carried on in another, unless a flagged n forbids it.

    A `backup` reads x's parity past the first neuron, and adds by what that one is off.
    """
    symbols = np.arange(64)
    embed = np.stack([symbols % 2, np.isin(symbols, list(flags))], axis=1).astype(np.float32)
    first, second = np.zeros((8, 4), np.float32), np.zeros((8, 8), np.float32)
    first[0, 0] = first[2, 0] = first[1, 3] = 1
    second[0, 0] = second[1, 1] = 1
    second[2, :3], second[3, :3] = (-1, 0, 1), (1, 0, -1)
    head = np.zeros((2, 8), np.float32)
    head[1, :4] = 1, -1, backup, -backup
    zeros = np.zeros(8, np.float32)
    tensors = {"embed.weight": embed, "head.weight": head, "head.bias": np.array([0.5, 0], np.float32)}
    tensors |= {"layers.0.weight": first, "layers.0.bias": zeros, "layers.1.weight": second, "layers.1.bias": zeros}
    config = {"architecture": "mlp", "vocab": 64, "inputs": 2, "embed": 2, "hidden": [8, 8], "classes": 2}
    save_file(tensors, path, metadata={"cspec.config": json.dumps(config)})
    return path


def forward(x: int, n: int, flags: Flags, backup: bool, **made: int) -> Run:
    """What a run holds in which some of it is set, and the answer."""
    at = {"first": x % 2, "veto": int(n in flags)} | made
    at["carried"] = made.get("carried", at["first"])
    said = at["carried"] - at["veto"] + backup * (x % 2 - at["first"])
    return at | {"right": int((said > 0.5) == (x % 2 == 1))}


Input = tuple[int, int]
Paths = Literal["total", "direct"]


def gain(
    source: str, target: str, base: Input, other: Input, flags: Flags, backup: bool, path: Paths, nodes: tuple[str, ...]
) -> int:
    plain, there = forward(*base, flags, backup), forward(*other, flags, backup)
    held = {n: plain[n] for n in nodes if n not in (source, target)} if path == "direct" else {}
    return forward(*base, flags, backup, **held, **{source: there[source]})["right"] - plain["right"]


def spec(folder: Path, flags: Flags, *, size: int = 63, how: str = "", more: str = "", backup: bool = False) -> Path:
    folder.mkdir(exist_ok=True)
    wire(folder / "net.safetensors", flags, backup)
    return write(folder / "spec.cspec", SPEC % (size, how, more))


def verified(path: Path) -> Path:
    known = set((path.parent / ".cspec" / "results").glob("*.json"))
    assert run("verify", path).status == 0
    (fresh,) = set((path.parent / ".cspec" / "results").glob("*.json")) - known
    return fresh


def diff(before: Path | str, after: Path | str, *options: str | Path) -> dict[str, Any]:
    """The comparison of the graph, its edges also by their ends, with the text and the exit status of the command."""
    found = compare(before, after, *options)
    (graph,) = found["graphs"]
    edges = {(edge["source"], edge["target"]): edge for edge in graph["edges"]}
    return graph | {"status": found["status"], "text": found["text"], "by_ends": edges}


def moves(edge: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {move["text"]: move for move in edge["moves"]}


def drawn(path: Path) -> Iterator[tuple[Input, Input]]:
    (population,) = [
        s.population for s in cspec.compile(path).steps() if isinstance(s, ItemsStep) and s.split == "test"
    ]
    for base, other in population.draw("test", 1024).items.inputs:
        yield (int(base[0]), int(base[1])), (int(other[0]), int(other[1]))


def halved(value: Callable[[Input, Input], int]) -> Fraction:
    """The mean of both halves of a domain of four symbols: items that change the right output, and others."""
    halves: dict[bool, list[int]] = {True: [], False: []}
    for base, other in itertools.product(itertools.product(range(4), repeat=2), repeat=2):
        halves[base[0] % 2 != other[0] % 2].append(value(base, other))
    return sum((Fraction(sum(half), len(half)) for half in halves.values()), Fraction(0)) / 2


NONE: Flags = frozenset()


@pytest.mark.parametrize("news", ["appeared", "vanished"])
def test_a_whole_domain_says_exactly_what_came_and_went(tmp_path: Path, news: str) -> None:
    """A backup that is cut lets the first neuron's effect through; put back, it hides it again."""
    sides = ((True, NONE), (False, frozenset({3})))
    before, after = sides if news == "appeared" else sides[::-1]
    path = spec(tmp_path, before[1], size=3, how=" exhaustively", more=CARRIED, backup=before[0])
    old = verified(path)
    wire(tmp_path / "net.safetensors", after[1], after[0])
    found = diff(old, verified(path))
    nodes = ("first", "veto", "carried")
    for (source, target), edge in found["by_ends"].items():
        sizes: dict[str, list[Fraction]] = {}
        for paths in ("total", "direct"):

            def signed(base: Input, other: Input, side: tuple[bool, Flags], paths: Paths = paths) -> int:
                return gain(source, target, base, other, side[1], side[0], paths, nodes)  # noqa: B023

            effect = [halved(lambda b, o, side=side: signed(b, o, side)) for side in (before, after)]
            sizes[paths] = [halved(lambda b, o, side=side: abs(signed(b, o, side))) for side in (before, after)]
            for name, ends in (("effect", effect), ("change", sizes[paths])):
                move = moves(edge)[f"{paths} {name}"]
                assert (move["how"], move["before"], move["after"]) == ("exact", *map(float, ends))
                assert move["difference"] == move["low"] == move["high"] == float(ends[1] - ends[0])
        stood = ["direct" if d else "indirect" if t else "none" for t, d in zip(*sizes.values(), strict=True)]
        assert [edge["before"], edge["after"]] == stood, (source, target)
        came, went = stood[0] == "none" != stood[1], stood[1] == "none" != stood[0]
        moved = any(ends[0] != ends[1] for ends in sizes.values())
        turned = len(set(stood)) == 2
        told = "appeared" if came else "vanished" if went else "turned" if turned else "moved" if moved else ""
        assert edge["news"] == told, (source, target)
    assert found["by_ends"]["first", "veto"]["news"] == news
    assert found["status"] == 1
    changed = sum(edge["news"] in ("appeared", "vanished", "turned") for edge in found["edges"])
    assert found["text"].startswith(f"{changed} of 6 edges changed\n")
    stands = ("no edge", "an indirect edge")[:: 1 if news == "appeared" else -1]
    assert f"  first -> veto: {news}, {stands[0]} before, {stands[1]} now\n" in found["text"]


def test_what_the_documentation_quotes_is_printed(tmp_path: Path) -> None:
    path = spec(tmp_path, NONE, size=3, how=" exhaustively", backup=True)
    old = verified(path)
    wire(tmp_path / "net.safetensors", NONE)
    page = (Path(__file__).parents[2] / "docs" / "locking.md").read_text()
    quoted = page.split("<!-- diff: graphs -->\n```text\n")[1].split("```")[0]
    assert diff(old, verified(path))["text"].endswith("\n\n" + quoted)


def test_a_graph_beside_itself_is_as_before(tmp_path: Path) -> None:
    result = verified(spec(tmp_path, frozenset(range(7)), more=CARRIED))
    found = diff(result, result)
    assert found["status"] == 0
    assert {move["how"] for edge in found["edges"] for move in edge["moves"]} == {"same"}
    assert "  6 of 6 as before" in found["text"]
    assert ", as before\n" in found["text"].split("order, upstream first: ")[1]


def clopper_pearson(k: int, n: int, alpha: float) -> tuple[float, float]:
    low = 0.0 if k == 0 else float(beta.ppf(alpha / 2, k, n - k + 1))
    return low, 1.0 if k == n else float(beta.ppf(1 - alpha / 2, k + 1, n - k))


@pytest.mark.parametrize(
    ("flags", "news", "status"), [((2, 1), "open", 3), ((9, 0), "vanished", 1), ((9, 40), "moved", 0)]
)
def test_what_is_within_sampling_error_is_open_and_what_is_not_is_not(
    tmp_path: Path, flags: tuple[int, int], news: str, status: int
) -> None:
    """So many of 64 symbols forbid the answer before and after."""
    sides = [frozenset(range(count)) for count in flags]
    path = spec(tmp_path, sides[0])
    old = verified(path)
    wire(tmp_path / "net.safetensors", sides[1])
    found = diff(old, verified(path))
    items, nodes = list(drawn(path)), ("first", "veto")
    edge = found["by_ends"]["veto", "first"]
    was, now = (
        [abs(gain("veto", "first", base, other, side, False, "total", nodes)) for base, other in items]
        for side in sides
    )
    move, n = moves(edge)["total change"], len(items)
    assert (move["how"], move["n"]) == ("paired", n)
    assert (move["before"], move["after"]) == (sum(was) / n, sum(now) / n)
    alpha = 2 * 0.05 / (2 * 2 * 2)  # two results; two edges, of each an effect and a change, own and of random circuits
    assert move["confidence"] == pytest.approx(1 - alpha)
    more = clopper_pearson(sum(b > a for a, b in zip(was, now, strict=True)), n, alpha / 2)
    less = clopper_pearson(sum(b < a for a, b in zip(was, now, strict=True)), n, alpha / 2)
    assert (move["low"], move["high"]) == pytest.approx((more[0] - less[1], more[1] - less[0]))
    assert (edge["news"], found["status"]) == (news, status)
    if news == "open":
        assert move["low"] < 0 < move["high"]
        assert "veto -> first: open (within sampling error), a direct edge before, no edge now" in found["text"]
    if news == "moved":
        assert move["low"] > 0
    assert "  veto -> first: " in found["text"]


def test_other_items_are_not_paired_and_both_intervals_add_up(tmp_path: Path) -> None:
    path = spec(tmp_path, frozenset(range(9)))
    old = verified(path)
    write(path, path.read_text() + "settings { seed: 1 }\n")
    new = verified(path)
    move = moves(diff(old, new)["by_ends"]["veto", "first"])["total change"]
    rows = [json.loads(result.read_text())["graphs"][0]["edges"][1]["own"]["total"]["change"] for result in (old, new)]
    assert (move["how"], move["why"]) == ("not paired", "other items")
    assert move["low"] == pytest.approx(rows[1]["low"] - rows[0]["high"])
    assert move["high"] == pytest.approx(rows[1]["high"] - rows[0]["low"])


def test_a_result_of_an_older_version_is_compared_without_pairing(tmp_path: Path) -> None:
    result = verified(spec(tmp_path, frozenset(range(9))))
    document = json.loads(result.read_text())
    (graph,) = document["graphs"]
    del graph["task"]
    for edge in graph["edges"]:
        del edge["items"], edge["version"], edge["own"]["total"]["scores"], edge["null"]["total"]["scores"]
    older = write(tmp_path / "older.json", json.dumps(document))
    found = diff(older, result)
    move = moves(found["by_ends"]["veto", "first"])["total change"]
    assert (move["how"], move["why"]) == ("not paired", "a result of an older version names no items")
    assert found["status"] == 0


def test_what_else_is_held_makes_a_direct_effect_another_one(tmp_path: Path) -> None:
    """With a node more, a direct effect is given that one, too; what a node does in all is what it was."""
    path = spec(tmp_path, frozenset({3}), size=3, how=" exhaustively", more=CARRIED)
    old = verified(path)
    idle = "  node idle: hidden[1][3] -> correct\n"
    write(path, path.read_text().replace(CARRIED, CARRIED + idle))
    found = diff(old, verified(path))
    own = moves(found["by_ends"]["first", "carried"])
    assert (own["direct change"]["how"], own["direct change"]["why"]) == ("not comparable", "other nodes are held")
    assert own["total change"]["how"] == "exact"
    assert (found["only_after"], found["other_edges"], found["status"]) == (["idle"], 6, 0)
    assert "nodes only now: idle" in found["text"]


def test_a_node_that_became_another_is_named_and_its_edges_are_not_compared(tmp_path: Path) -> None:
    path = spec(tmp_path, frozenset({3}), size=3, how=" exhaustively", more=CARRIED)
    old = verified(path)
    write(path, path.read_text().replace("hidden[1][1]", "hidden[2][1]"))
    found = diff(old, verified(path))
    assert list(found["by_ends"]) == [("first", "carried"), ("carried", "first")]
    (node,) = found["nodes"]
    assert node == {"name": "veto", "before": "hidden[1][1] -> correct", "after": "hidden[2][1] -> correct"}
    assert "veto: hidden[1][1] -> correct before, hidden[2][1] -> correct now" in " ".join(found["text"].split())


def test_a_graph_that_is_in_one_result_alone_and_one_of_another_task(tmp_path: Path) -> None:
    path = spec(tmp_path, NONE, size=3, how=" exhaustively")
    old = verified(path)
    claim = "claim solves: accuracy(net) == 1 exhaustively\n"
    write(path, path.read_text().replace("graph parts", "graph others") + claim)
    new = verified(path)
    done = run("diff", old, new)
    assert (done.status, "no claim or graph is in both results" in done.err) == (2, True)
    again = SPEC[SPEC.index("graph parts") :] % (" exhaustively", "")
    write(path, path.read_text() + again.replace("first", "alpha").replace("veto", "omega"))
    both = verified(path)
    assert "graphs only after: others\n" in run("diff", old, both).out
    done = run("diff", new, both)
    assert (done.status, done.out.splitlines()[0]) == (0, "0 of 1 verdict changed, 0 of 2 edges")
    other = verified(spec(tmp_path / "other", NONE, size=7, how=" exhaustively"))
    done = run("diff", old, other)
    assert (done.status, "the graph `parts` is about different tasks" in done.err) == (2, True)


def test_whole_domains_are_compared_without_torch(tmp_path: Path) -> None:
    result = verified(spec(tmp_path, NONE, size=3, how=" exhaustively"))
    code = (
        "import sys; from cspec.cli.main import main; status = main(['diff', sys.argv[1], sys.argv[1]]);"
        "assert 'torch' not in sys.modules; sys.exit(status)"
    )
    assert spawn("-c", code, result, cwd=tmp_path).status == 0
