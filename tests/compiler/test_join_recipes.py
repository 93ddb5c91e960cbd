"""`over P, Q`: the pairs of base and source that a union admits, against plain Python; and `correct`."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cspec.cli.workflow import check
from cspec.compiler.sampling.draw_items import open_population
from cspec.compiler.sampling.enumerate_items import enumerate_items
from safetensors.numpy import save_file

HEAD = """
task sums {{
  input  x, y: 0..4
  output big: bool
  tokens [x, y]
  answer big: {{ false: 0, true: 1 }}
}}
model m for sums {{
  total = x + y
  big   = total > 4
}}
network net = torch("net.safetensors")
pairs p for sums {{ {p} }}
pairs q for sums {{ {q} }}
align a: m -> net over p, q {{ total at hidden[1] via identity }}
claim one: iia(a) >= 0.1 exhaustively
claim two: accuracy(net over p, q) >= 0.1 exhaustively
"""
Input = tuple[int, int]


def big(x: Input) -> bool:
    return sum(x) > 4


ADMITTED: dict[tuple[str, str], Callable[[Input, Input], bool]] = {
    ("where x < 2", "where y == 3"): lambda b, s: (b[0] < 2 and s[0] < 2) or (b[1] == 3 and s[1] == 3),
    ("where base.x < 2", "where source.y == 3"): lambda b, s: b[0] < 2 or s[1] == 3,
    ("where base.x == source.y", "where total > 6"): lambda b, s: b[0] == s[1] or (sum(b) > 6 and sum(s) > 6),
    ("where base.correct != source.correct", "where x == y"): lambda b, s: (
        big(b) != big(s) or (b[0] == b[1] and s[0] == s[1])
    ),
    ("where x < 2", "size 5_000"): lambda b, s: True,
    ("where base.x < 2", "where base.y == 3\n where base.correct"): lambda b, s: b[0] < 2 or (b[1] == 3 and big(b)),
}
"""Which bases and sources two recipes admit together."""
BASES: dict[tuple[str, str], Callable[[Input], bool]] = {
    ("where x < 2", "where y == 3"): lambda b: b[0] < 2 or b[1] == 3,
    ("where base.x < 2", "where base.y == 3\n where base.correct"): lambda b: b[0] < 2 or (b[1] == 3 and big(b)),
}
"""Which bases alone (of an accuracy), where that is not all."""


def write_network(path: Path) -> None:
    shapes = {"embed.weight": (5, 2), "layers.0.weight": (3, 4), "layers.0.bias": (3,)}
    shapes |= {"head.weight": (2, 3), "head.bias": (2,)}
    config = {"architecture": "mlp", "inputs": 2, "vocab": 5, "embed": 2, "hidden": [3], "classes": 2}
    metadata = {"cspec.config": json.dumps(config | {"activation": "relu"})}
    save_file({name: np.ones(shape, dtype=np.float32) for name, shape in shapes.items()}, path, metadata=metadata)


@pytest.mark.parametrize(("p", "q"), ADMITTED)
def test_a_union_admits_what_either_recipe_does(p: str, q: str, tmp_path: Path) -> None:
    write_network(tmp_path / "net.safetensors")
    spec = tmp_path / "spec.cspec"
    spec.write_text(HEAD.format(p=p, q=q))
    one, two = (experiment.quantities[0].measurement.recipe for experiment in check(spec).experiments)
    inputs = list(itertools.product(range(5), repeat=2))
    wanted = {(b, s) for b in inputs for s in inputs if ADMITTED[p, q](b, s)}
    found = [items.inputs for items in enumerate_items(open_population(one, whole_domain=True), 1 << 16)]
    pairs = [(tuple(base), tuple(source)) for base, source in np.concatenate(found).tolist()]
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == wanted
    alone = [items.inputs[:, 0] for items in enumerate_items(open_population(two, whole_domain=True), 1 << 16)]
    bases = {b for b in inputs if BASES.get((p, q), lambda b: True)(b)}
    assert set(map(tuple, np.concatenate(alone).tolist())) == bases
