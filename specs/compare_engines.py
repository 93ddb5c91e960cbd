"""The gallery's verdicts by every engine, on the same stored maps: do they agree?

    python specs/compare_engines.py FOLDER [--only ioi/ioi hist] [--engines hooks pyvene]

Each spec is verified by `fused`, which fits its maps, and then by each reference, which reads them from the same store
and runs everything else itself. Prints for each spec and reference how many claims there are, how many verdicts differ,
and by how much the measurements that they rest on, of claims and of controls, differ at most. Stores lie in FOLDER; a
second run reads what is there, and its seconds then say nothing. Exit status 1 where a verdict differs.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cspec
from cspec.compiler.plan import EngineName
from cspec.runtime.deciding.verdicts import Result, Verdict
from cspec.runtime.errors import EngineRefusal, EnvironmentProblem

HERE = Path(__file__).resolve().parent
REFERENCES: tuple[EngineName, ...] = ("hooks", "pyvene")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", default=[], help="specs whose path ends so, without `.cspec`")
    parser.add_argument("--engines", nargs="*", choices=REFERENCES, default=REFERENCES)
    options = parser.parse_args()
    differ = 0
    print("| spec | engine | claims | verdicts that differ | largest difference | s, `fused` | s |")
    print("|---|---|---|---|---|---|---|")
    for spec in gallery():
        name = spec.relative_to(HERE).with_suffix("").as_posix()
        if options.only and not any(name.endswith(wanted) for wanted in options.only):
            continue
        store = options.folder / name
        began = time.process_time()
        ours = cspec.verify(spec, store=store, engine="fused")
        taken = time.process_time() - began
        for engine in options.engines:
            began = time.process_time()
            try:
                theirs = cspec.verify(spec, store=store, engine=engine, fit_engine="fused")
            except (EngineRefusal, EnvironmentProblem) as refusal:
                print(f"| {name} | {engine} | {len(ours)} | refused: {refusal} | | {taken:.0f} | |", flush=True)
                continue
            seconds = time.process_time() - began
            other = [claim for claim in ours if said(ours[claim]) != said(theirs[claim])]
            differ += len(other)
            most = max(differences(ours, theirs), default=0.0)
            which = ", ".join(other) or "0"
            print(
                f"| {name} | {engine} | {len(ours)} | {which} | {most:.2g} | {taken:.0f} | {seconds:.0f} |", flush=True
            )
    return 1 if differ else 0


def gallery() -> list[Path]:
    """Every spec of the gallery that has claims."""
    return [path for path in sorted(HERE.glob("*/*.cspec")) if cspec.check(path).program.claims]


def said(verdict: Verdict) -> tuple[str, ...]:
    """What a verdict says: the outcome with its reason, the grade, and how every inequality and control came out."""
    parts = (f"{part.status} after {part.n}" for part in verdict.parts)
    controls = (f"{row.name} {row.met}" for row in verdict.controls)
    return (verdict.outcome, str(verdict.reason), verdict.grade, *parts, *controls)


def differences(ours: Result, theirs: Result) -> Iterator[float]:
    """How far apart the measurements of two results are, one after the other."""
    for claim in ours:
        for one, other in zip(ours[claim].quantities, theirs[claim].quantities, strict=True):
            yield abs(one.estimate - other.estimate)
        for row, same in zip(ours[claim].controls, theirs[claim].controls, strict=False):
            if row.estimate is not None and same.estimate is not None:
                yield abs(row.estimate - same.estimate)


if __name__ == "__main__":
    sys.exit(main())
