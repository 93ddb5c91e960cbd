"""Every variable of the compiled transformers at every stage that tells, in both bases, printed as a table.

    python specs/tracr/table.py FOLDER [--only hist reverse] [--given]

Given dims are the claims of the specs in this folder. For learned rotations, a spec for each program is written to
FOLDER, beside copies of its networks: each variable at every stage at which setting it is known to reach all of its
readers, and at the first after its last reader. Everything is measured by cspec; a second run reads the results from
the store, and its seconds then say nothing.
"""

import argparse
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cspec
from cspec.cli.workflow import check
from cspec.lang.places import Site
from cspec.lang.program import Program
from cspec.runtime.deciding.verdicts import QuantityRow, Result, Verdict

HERE = Path(__file__).resolve().parent
TRUTH: dict[str, Any] = json.loads((HERE / "truth.json").read_text(encoding="utf-8"))
PROGRAMS = ("hist", "reverse", "sort_unique", "shuffle_dyck")
COMPILERS_NAMES = {"balance": "balance_()", "zero": "map"}
CONSTANT = {"length", "indices", "opp_idx", "opp_idx-1", "map_44"}
"""Variables that are the same for all inputs of one length."""

GIVEN = "tokens"
"""The variable that the input gives. Where saturated attention reads it, a rotation gets no gradient and finds
nothing; a probe needs none."""

NOTES = ("input_carries", "child")
COLUMNS = ["program", "basis", "variable", "stage", "map", "reaches", "verdict", "iia", "restarts", "notes", "s"]

SETTINGS = """
pairs main for {task} {{ size 2_000 }}
settings {{ controls {{ random: 2 }} }}
"""
LEARNED = """
align {claim}: program -> net {{
  {variable} at resid[{stage}] @ {{x}} via {family}
  fit {{ steps: 200, batch: 64, rate: 0.1, seeds: 3 }}
}}
claim {claim}:         iia({claim}) >= 0.98 exhaustively
claim {claim}_rotated: iia({claim} on rotated) >= 0.98 exhaustively
"""


@dataclass(frozen=True)
class Row:
    """One claim of the table. `reaches` tells which readers setting it there reaches."""

    program: str
    basis: str
    variable: str
    stage: int
    family: str
    reaches: str
    verdict: Verdict
    seconds: float

    @property
    def quantity(self) -> QuantityRow:
        return self.verdict.quantities[0]

    @property
    def text(self) -> str:
        """The row as markdown."""
        reason = f" ({self.verdict.reason})" if self.verdict.reason else ""
        score = f"{self.quantity.estimate:.3f}"
        learned = self.family == "rotation"
        restarts = " ".join(f"{seed.select:.2f}" for seed in self.quantity.seeds) if learned else ""
        notes = " ".join(name for name in NOTES if any(note.startswith(name) for note in self.verdict.notes))
        cells = (self.program, self.basis, self.variable, self.stage, self.family, self.reaches)
        said = (f"{self.verdict.outcome}{reason}", score, restarts, notes, f"{self.seconds:.0f}")
        return f"| {' | '.join(map(str, (*cells, *said)))} |"


def say(name: str, variable: str, stage: int) -> str:
    """What setting a variable at a stage reaches: `all`, `some` or `none` of the readers that can tell."""
    known = TRUTH[name]["variables"][COMPILERS_NAMES.get(variable, variable)]
    read = [last for reader, last in known["read_by"].items() if reader not in CONSTANT]
    if stage < known["written"] or stage > max(read):
        return "none"
    return "all" if stage <= min(read) else "some"


def placements(program: Program) -> Iterator[tuple[str, str, int]]:
    """Claim, variable and stage of every alignment that places one variable."""
    for name, alignment in program.alignments.items():
        (placement, *others) = alignment.placements
        if not others and isinstance(placement.place, Site) and placement.place.layer is not None:
            yield name, placement.variable, placement.place.layer


def count_values(name: str, variable: str, program: Program) -> int:
    """How many values a member of a variable has; 2 where one dim holds a number, which is one direction."""
    known = TRUTH[name]["variables"][COMPILERS_NAMES.get(variable, variable)]
    if known["values"] is None:
        return 2
    (domain,) = (m.domain for m in program.models["program"].mechanisms if m.name == f"{variable}[0]")
    return min(domain.size, len(known["values"]))


def write_learned(name: str, program: Program, folder: Path) -> Path:
    """The spec of a program with learned maps, beside copies of its networks."""
    for network in (name, f"{name}-rotated"):
        shutil.copy(HERE / f"{network}.safetensors", folder)
    text = (HERE / f"{name}.cspec").read_text(encoding="utf-8")
    text = text[: text.index("claim ")] + SETTINGS.format(task=program.models["program"].task)
    held: set[str] = set()
    for claim, variable, stage in placements(program):
        reached = say(name, variable, stage)
        if reached == "all":
            held.add(variable)
        if reached == "all" or (reached == "none" and variable in held):
            family = f"rotation size {count_values(name, variable, program) - 1}"
            if variable == GIVEN:
                family = "probe"
            text += LEARNED.format(claim=claim, variable=variable, stage=stage, family=family)
        if reached == "none":
            held.discard(variable)
    spec = folder / f"{name}_learned.cspec"
    spec.write_text(text, encoding="utf-8")
    return spec


def measure(name: str, spec: Path, folder: Path) -> Iterator[Row]:
    """The rows of a spec's claims, each as it is decided."""
    places = {claim: (variable, stage) for claim, variable, stage in placements(check(spec).program)}
    started = [time.perf_counter()]

    def note_time(result: Result) -> None:
        started.append(time.perf_counter())

    result = cspec.verify(spec, store=folder / "store", decided=note_time)
    for index, verdict in enumerate(result.verdicts):
        claim = verdict.name.removesuffix("_rotated")
        if claim not in places:
            continue
        variable, stage = places[claim]
        rotated = verdict.name != claim
        family = verdict.quantities[0].families[0]
        reached = say(name, variable, stage)
        seconds = started[index + 1] - started[index]
        yield Row(name, "random" if rotated else "natural", variable, stage, family, reached, verdict, seconds)


def main() -> None:
    """Measure the programs and print the table."""
    parser = argparse.ArgumentParser(description="Print the table of the compiled transformers.")
    parser.add_argument("folder", type=Path, help="where specs of learned maps and results are written")
    parser.add_argument("--only", nargs="+", choices=PROGRAMS, default=PROGRAMS, help="these programs")
    parser.add_argument("--given", action="store_true", help="given dims only: no maps are learned")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    print(f"| {' | '.join(COLUMNS)} |")
    print("|---" * len(COLUMNS) + "|")
    for name in options.only:
        spec = HERE / f"{name}.cspec"
        specs = [spec] if options.given else [spec, write_learned(name, check(spec).program, options.folder)]
        for each in specs:
            for row in measure(name, each, options.folder):
                print(row.text, flush=True)


if __name__ == "__main__":
    main()
