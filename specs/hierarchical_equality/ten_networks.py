"""The published figures on ten networks: `published.cspec` is verified on each, and one table says what was found.

    python specs/hierarchical_equality/train.py --all NETWORKS
    python specs/hierarchical_equality/ten_networks.py NETWORKS

For each network a copy of the spec that names it is written beside its checkpoint. A verdict stops at the first items
that decide it; the table's figures are of all test items, from the same evaluations. A second run reads the results
from the store.
"""

import argparse
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cspec
from cspec.compiler.plan import DecideStep
from cspec.runtime.execute import Inline
from cspec.runtime.progress import Silent
from cspec.runtime.results.store import Store

SPEC = Path(__file__).with_name("published.cspec")
NAMED = "hierarchical_equality.safetensors"
"""The network that the spec names, in whose place each one is put."""


@dataclass(frozen=True)
class Measured:
    """A claim on one network: its bound, its outcome, and its one estimand on all `items` of `test`."""

    claim: str
    bound: float
    outcome: str
    estimate: float
    items: int


@dataclass(frozen=True)
class Row:
    """One network: every claim, in the spec's order, and the seconds of processor time that they took."""

    network: str
    measured: tuple[Measured, ...]
    seconds: float


def measure_network(network: Path) -> Row:
    """Verify the spec on one network, `network` being its checkpoint, and score its estimands on all test items."""
    spec = network.with_suffix(".cspec")
    spec.write_text(SPEC.read_text(encoding="utf-8").replace(NAMED, network.name), encoding="utf-8")
    start = time.process_time()
    verdicts = cspec.verify(spec)
    runner = Inline(cspec.compile(spec), Store(spec.parent / ".cspec"), Silent())
    measured = []
    for key in runner.plan.claims:
        step = runner.plan.step(key)
        assert isinstance(step, DecideStep)
        (quantity,) = step.quantities
        scores = runner.evaluations.scores(quantity.evaluate, quantity.budget)
        verdict = verdicts[step.claim.name]
        estimate = float(scores.mean(among=False))
        measured.append(Measured(verdict.name, verdict.parts[0].bound, verdict.outcome, estimate, scores.n))
    return Row(network.stem, tuple(measured), time.process_time() - start)


def render_table(rows: Sequence[Row]) -> str:
    """One line a claim: its bound, mean, lowest and highest, outcomes, test items, and every network's figure."""
    lines = [
        f"| claim | bound | mean | lowest | highest | outcomes | items | {' | '.join(row.network for row in rows)} |",
        "|---" * (7 + len(rows)) + "|",
    ]
    for found in zip(*(row.measured for row in rows), strict=True):
        figures = [one.estimate for one in found]
        cells = [
            found[0].claim,
            f"{found[0].bound:g}",
            *(f"{figure:.4f}" for figure in (statistics.mean(figures), min(figures), max(figures))),
            ", ".join(f"{count} {outcome}" for outcome, count in Counter(one.outcome for one in found).most_common()),
            f"{min(one.items for one in found):,}",
            *(f"{figure:.4f}" for figure in figures),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure every network of a folder and print the table."""
    parser = argparse.ArgumentParser(description="Print what published.cspec measures on a folder of networks.")
    parser.add_argument("networks", type=Path, help="the folder that train.py --all wrote")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes that are used (default 1)")
    options = parser.parse_args()
    networks = sorted(options.networks.glob("*.safetensors"))
    rows = []
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        for row in pool.map(measure_network, networks):
            print(f"{row.network}: {row.seconds:.0f} seconds of processor time", file=sys.stderr, flush=True)
            rows.append(row)
    print(render_table(rows))


if __name__ == "__main__":
    main()
