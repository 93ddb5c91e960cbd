"""Every family of maps, with a large budget, on networks that do not hold what is claimed: printed as a table.

    python specs/known_truth/table.py FOLDER

Everything is measured by cspec: a spec for each network is written to FOLDER, beside a copy of its checkpoint, and
verified. A second run reads the results from the store.
"""

import argparse
import shutil
from dataclasses import dataclass
from pathlib import Path

import cspec

HERE = Path(__file__).resolve().parent

SPEC = """
task equality {{
  input  w, x, y, z: 0..63
  {require}
  output same: bool
  tokens [w, x, y, z]
  answer same: {{ false: 0, true: 1 }}
}}
model both_equalities for equality {{
  left:  bool = w == x
  right: bool = y == z
  same = left == right
}}
network net = torch("{network}.safetensors")
pairs main for equality {{ size 6_000 }}
settings {{ controls {{ random: 1 }} }}
align das: both_equalities -> net {{
  left, right at hidden[{layer}] via rotation size {size}
  fit {{ steps: 1000, batch: 256, rate: 0.03, seeds: 2 }}
}}
"""
CLAIMS = """
claim {name}:        iia(das via {family}) >= 0.95
claim {name}_random: iia(das via {family} on random(net)) >= 0.95
"""


@dataclass(frozen=True)
class Setup:
    """A network, what its inputs must satisfy, and where the two variables are looked for."""

    network: str
    layer: int
    size: int
    require: str = ""

    @property
    def families(self) -> dict[str, str]:
        """Every family that can hold a variable at this site, by the name of its claim."""
        return {
            "neurons": f"identity size {self.size}",
            "mask": "identity size learned",
            "rotation": f"rotation size {self.size}",
            "boundless": "rotation size learned",
            "pca": f"pca size {self.size}",
            "means": "difference size 1",
            "probe": "probe size 1",
            "revnet": f"revnet(10, 16) size {self.size}",
        }


SETUPS = (
    Setup("neither", 2, 1, "require not (w == x and y == z)"),
    Setup("random_features", 1, 4),
    Setup("untrained", 1, 4),
)


def measure(setup: Setup, folder: Path) -> list[str]:
    """The rows of one network's table."""
    shutil.copyfile(HERE / f"{setup.network}.safetensors", folder / f"{setup.network}.safetensors")
    text = SPEC.format(network=setup.network, layer=setup.layer, size=setup.size, require=setup.require)
    for name, family in setup.families.items():
        text += CLAIMS.format(name=name, family=family)
    spec = folder / f"{setup.network}_{setup.layer}.cspec"
    spec.write_text(text, encoding="utf-8")
    result = cspec.verify(spec)
    rows = []
    for name, family in setup.families.items():
        own, drawn = (result[claim] for claim in (name, f"{name}_random"))
        said = [f"{v.outcome} ({v.reason})" if v.reason else v.outcome for v in (own, drawn)]
        where = f"{setup.network}, `hidden[{setup.layer}]`"
        rows.append(f"| {where} | `{family}` | {own.estimate:.3f} | {said[0]} | {drawn.estimate:.3f} | {said[1]} |")
    return rows


def main() -> None:
    """Measure every network and print the table."""
    parser = argparse.ArgumentParser(description="Print what every family finds where the variables are not.")
    parser.add_argument("folder", type=Path, help="where specs, copies of the checkpoints and results are put")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    print("| network | family | IIA | `>= .95` | IIA, redrawn | `>= .95` |")
    print("|---|---|---|---|---|---|")
    for setup in SETUPS:
        print("\n".join(measure(setup, folder)), flush=True)


if __name__ == "__main__":
    main()
