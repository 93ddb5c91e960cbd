"""What must not matter: the order of lines, names, how a spec is cut into files, and what a store has seen before."""

import re
from pathlib import Path
from random import Random
from typing import Any

import pytest

from .tools import verify

WIRED = Path(__file__).parents[1] / "docs" / "verdicts" / "wired.safetensors"
DECLARED = """
task equality { input w, x, y, z: 0..63  output same: bool  tokens [w, x, y, z]  answer same: { false: 0, true: 1 } }
model equalities for equality { left: bool = w == x  right: bool = y == z  same = left == right }
network wired = torch("wired.safetensors")
pairs main for equality { size 1_200 }
pairs unlike for equality { size 1_200  where w != y }
align places: equalities -> wired over main { left at hidden[1][0..9]  right at hidden[1][10..23] }
align das: equalities -> wired over main { left, right at hidden[1] via rotation size 3  fit { steps: 10, seeds: 2 } }
align sought: equalities -> wired over main { left in hidden[1..2] via pca size 1..2 }
circuit some = { hidden[1][0..5], hidden[2][1] }
circuit found = top 3 of hidden[1][*] by change({it := 0} -> same on wired over main)
settings { seed: 5  controls { random: 1 } }
"""
CLAIMS = {
    "solves": "accuracy(wired over main) >= 0.9",
    "given": "iia(places over unlike) >= 0.8",
    "trained": "iia(das) >= 0.8",
    "edge": "isolate(das.left) - isolate(places.left) <= 0.5",
    "searched": "iia(sought) >= 0.7",
    "rest": "cae(places) <= 0.2",
    "drawn": "change({some := shuffled} -> same on wired over main) >= 0.1",
    "ablated": "effect({found := mean(found)} -> correct on wired over main) <= 0.1",
}
LINES = [*DECLARED.strip().splitlines(), *(f"claim {k}: {v} at confidence 0.999" for k, v in CLAIMS.items())]
NAMES = ("equality", "equalities", "wired", "main", "unlike", "places", "das", "sought", "some", "found")


def measure(folder: Path, lines: list[str], store: Path | None = None, **further: str) -> dict[str, Any]:
    """Every claim's verdict, without what says where it came from and with losses to six digits."""
    folder.mkdir(exist_ok=True)
    (folder / "wired.safetensors").write_bytes(WIRED.read_bytes())
    for name, text in further.items():
        (folder / f"{name}.cspec").write_text(text)
    (spec := folder / "spec.cspec").write_text("\n".join(lines) + "\n")
    return {name: plain(verdict) for name, verdict in verify(spec, store or folder / "store").verdicts.items()}


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items() if key not in ("keys", "map", "number", "grade")}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    found = measure(tmp_path_factory.mktemp("fresh"), LINES)
    assert set(found) == set(CLAIMS)
    return found


def test_the_order_of_declarations_and_claims(fresh: dict[str, Any], tmp_path: Path) -> None:
    lines = list(LINES)
    Random(1).shuffle(lines)
    assert measure(tmp_path, lines) == fresh


def test_names_of_declarations(fresh: dict[str, Any], tmp_path: Path) -> None:
    """Those of variables and inputs are part of what items are drawn by."""
    new = {name: f"{'zaq'[index % 3]}_{index}" for index, name in enumerate(NAMES)}
    old = {other: name for name, other in new.items()}

    def renamed(text: str, names: dict[str, str]) -> str:
        return re.sub(rf'"[^"]*"|\b({"|".join(names)})\b', lambda found: names.get(found[0], found[0]), text)

    def back(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: back(one) for key, one in value.items()}
        if isinstance(value, list):
            return [back(one) for one in value]
        return renamed(value, old) if isinstance(value, str) else value

    assert back(measure(tmp_path, [renamed(line, new) for line in LINES])) == fresh


def test_a_spec_in_two_files(fresh: dict[str, Any], tmp_path: Path) -> None:
    declared = [line for line in LINES if not line.startswith(("claim", "settings"))]
    rest = [line for line in LINES if line.startswith(("claim", "settings"))]
    assert measure(tmp_path, ['import "parts.cspec"', *rest], parts="\n".join(declared) + "\n") == fresh


def test_a_store_that_has_seen_other_sizes_and_claims(fresh: dict[str, Any], tmp_path: Path) -> None:
    """Grades are left out: a test that another map was looked at on is `exploratory`."""
    store = tmp_path / "store"
    larger = [line.replace("1_200", "2_500").replace("steps: 10", "steps: 6") for line in LINES[:-2]]
    measure(tmp_path, [line.replace(" at confidence 0.999", "") for line in larger], store)
    measure(tmp_path, [line.replace("seed: 5", "seed: 5  budget: 200") for line in LINES], store)
    assert measure(tmp_path, LINES, store) == fresh
