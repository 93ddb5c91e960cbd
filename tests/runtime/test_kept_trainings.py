"""Fits that are interrupted: they go on where they were, and find what they find undisturbed, to the last bit."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cspec
import pytest
from cspec.compiler.plan import FitStep, Plan
from cspec.runtime.fitting import kept_trainings
from cspec.runtime.fitting.fits import Fits
from cspec.runtime.results.store import Store
from cspec.tests.equality import EQUALITY

NETWORK = Path(__file__).parents[2] / "specs" / "handwired_equality" / "rotated.safetensors"
TASK = (
    EQUALITY % 3
    + """
network net = torch("rotated.safetensors")
pairs main for equality { size 1000 }
"""
)
FITS = {
    "restarts side by side, some ending early": """
align a: both_equalities -> net {
  left, right at hidden[2] via rotation size 3
  fit { steps: 25, batch: 64, rate: 0.05, seeds: 3, patience: 3 }
}
""",
    "sizes that are learned, one restart after the other": """
align a: both_equalities -> net {
  left, right at hidden[2] via rotation size learned
  fit { steps: 25, batch: 64, rate: 0.05, seeds: 2 }
}
""",
    "a map that bends": """
align a: both_equalities -> net {
  left, right at hidden[2] via revnet(2, 8) size 4
  fit { steps: 25, batch: 64, rate: 0.01, seeds: 2 }
}
""",
    "a search": """
align a: both_equalities -> net {
  left in hidden[1..2] via rotation size 3
  fit { steps: 25, batch: 64, rate: 0.05, seeds: 2 }
}
""",
}


class Interrupted(BaseException):
    """As a person does it, at any moment."""


@dataclass
class Impatient:
    """Interrupts after so many steps, which five restarts take at once, at most."""

    patience: int
    done: list[int] = field(default_factory=list)

    def start(self, label: str, total: int) -> None:
        """See `Progress.start`."""

    def advance(self, parts: int = 1) -> None:
        """See `Progress.advance`."""
        if 0 < parts <= 5:  # not what is known already, all at once
            self.done.append(parts)
        if len(self.done) > self.patience:
            raise Interrupted

    def finish(self) -> None:
        """See `Progress.finish`."""


def compile_fits(folder: Path, fits: str) -> Plan:
    shutil.copyfile(NETWORK, folder / NETWORK.name)
    (folder / "spec.cspec").write_text(
        f"{TASK}{fits}claim c: iia(a) >= 0.9 exhaustively\nsettings {{ controls {{ random: 1 }} }}\n", encoding="utf-8"
    )
    return cspec.compile(folder / "spec.cspec")


def run_fits(plan: Plan, store: Store, patience: int) -> int:
    """Find all maps, of untrained networks and of scrambled models too; returns how many steps it took."""
    progress = Impatient(patience)
    fits = Fits(plan, store, progress)
    for step in plan.steps():
        if isinstance(step, FitStep):
            fits.fit(step.key)
    return len(progress.done)


def contents(store: Store) -> dict[str, Any]:
    """Every artifact's numbers and what is said of it, by its key."""
    found = {}
    for path in store.folder.rglob("*.safetensors"):
        stored = store.load(path.stem)
        assert stored is not None
        tensors, document = stored
        found[path.stem] = ({name: tensor.tolist() for name, tensor in tensors.items()}, document)
    return found


@pytest.mark.parametrize("fits", FITS)
def test_a_fit_that_is_interrupted_again_and_again_finds_the_same(
    fits: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left of its trainings in the end, and no more was done again than since the last look at `select`."""
    monkeypatch.setattr(kept_trainings, "KEPT_EVERY", 0.0)
    plan = compile_fits(tmp_path, FITS[fits])
    undisturbed, disturbed = Store(tmp_path / "undisturbed"), Store(tmp_path / "disturbed")
    steps = run_fits(plan, undisturbed, 10**9)
    interruptions = 0
    while True:
        try:
            run_fits(plan, disturbed, 7)
            break
        except Interrupted:
            interruptions += 1
            assert interruptions < steps, "it gets nowhere"
    assert interruptions > 5
    assert interruptions < steps / 4
    assert contents(disturbed) == contents(undisturbed)


def test_a_short_fit_writes_nothing_before_its_maps(tmp_path: Path) -> None:
    plan, store = compile_fits(tmp_path, FITS["a search"]), Store(tmp_path / "store")
    with pytest.raises(Interrupted):
        run_fits(plan, store, 20)
    assert len(contents(store)) == 0
