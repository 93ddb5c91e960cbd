"""The same hypotheses on ten networks: targets R2 (layers 1, 2, 3), R5 and R6, printed as a table.

    python specs/hierarchical_equality/train.py --all NETWORKS
    python specs/hierarchical_equality/ten_networks.py NETWORKS

Everything is measured by cspec: for each network a spec is written beside its checkpoint and verified. A verdict stops
at the first items that decide it; the table is of all test items of each estimand, from the same evaluations. A second
run reads the results from the store. About ten minutes on two cores.
"""

import argparse
import os
import statistics
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cspec
from cspec.compiler.plan import DecideStep
from cspec.runtime.execute import Inline
from cspec.runtime.progress import Silent
from cspec.runtime.store import Store

SPEC = """
task equality {{
  input  w, x, y, z: 0..511
  output same: bool
  tokens [w, x, y, z]
  answer same: {{ false: 0, true: 1 }}
}}

model both_equalities for equality {{
  left:  bool = w == x
  right: bool = y == z
  same = left == right
}}

model first_symbol for equality {{
  first = w
  same  = (first == x) == (y == z)
}}

network mlp = torch("{name}")

pairs main for equality {{
  holdout w, x, y, z in 384..511
  size    20_000
}}

align layer_1: both_equalities -> mlp {{ left, right at hidden[1] via rotation size 4  fit {fit} }}
align layer_2: both_equalities -> mlp {{ left, right at hidden[2] via rotation size 4  fit {fit} }}
align layer_3: both_equalities -> mlp {{ left, right at hidden[3] via rotation size 4  fit {fit} }}
align first:   first_symbol    -> mlp {{ first       at hidden[1] via rotation size 8  fit {fit} }}

claim solves:    accuracy(mlp) >= 0.99
claim layer_1:   iia(layer_1) >= 0.9
claim layer_2:   iia(layer_2) >= 0.9
claim layer_3:   iia(layer_3) >= 0.9
claim first:     iia(first) <= 0.6
claim untrained: iia(layer_1 on random(mlp)) <= 0.6
"""
FIT = "{ steps: 1500, batch: 512, rate: 0.02, seeds: 3 }"
COLUMNS = ("solves", "layer_1", "layer_2", "layer_3", "first", "untrained")


@dataclass(frozen=True)
class Row:
    """One network: the estimate of every claim on `test`, and layer 1's chosen score on `select`."""

    name: str
    estimates: dict[str, float]
    select: float
    outcome: str


def measure(network: Path) -> Row:
    """Verify the spec on one network."""
    spec = network.with_suffix(".cspec")
    spec.write_text(SPEC.format(name=network.name, fit=FIT), encoding="utf-8")
    result = cspec.verify(spec)
    seeds = result["layer_1"].quantities[0].seeds
    runner = Inline(cspec.compile(spec), Store(spec.parent / ".cspec"), Silent())
    estimates = dict(measure_all(runner, step) for step in map(runner.plan.step, runner.plan.claims))
    return Row(network.stem, estimates, max(seed.select for seed in seeds), result["layer_1"].outcome)


def measure_all(runner: Inline, step: object) -> tuple[str, float]:
    """A claim's name, and its first estimand on its whole budget of test items."""
    assert isinstance(step, DecideStep)
    quantity = step.quantities[0]
    return step.claim.name, float(runner.evaluations.scores(quantity.evaluate, quantity.budget).mean(among=False))


def main() -> None:
    """Measure every network of a folder and print the table."""
    parser = argparse.ArgumentParser(description="Print the table of targets R2, R5 and R6 over a folder of networks.")
    parser.add_argument("networks", type=Path, help="the folder that train.py --all wrote")
    options = parser.parse_args()
    networks = sorted(options.networks.glob("*.safetensors"))
    with ProcessPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        rows = list(pool.map(measure, networks))
    print("| network | accuracy | layer 1, select | layer 1 | layer 2 | layer 3 | first symbol | untrained | >= .9 |")
    print("|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        numbers = [row.estimates["solves"], row.select, *(row.estimates[name] for name in COLUMNS[1:])]
        print(f"| {row.name} | {' | '.join(f'{number:.4f}' for number in numbers)} | {row.outcome} |")
    means = [statistics.mean(row.estimates[name] for row in rows) for name in COLUMNS]
    select = statistics.mean(row.select for row in rows)
    print(f"| mean | {' | '.join(f'{number:.4f}' for number in (means[0], select, *means[1:]))} | |")


if __name__ == "__main__":
    main()
