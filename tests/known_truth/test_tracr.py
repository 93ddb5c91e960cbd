"""Transformers compiled from programs: each variable at each stage, in both bases, against what the compiler says."""

import json
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import cspec
import pytest
from cspec.cli.workflow import check
from cspec.lang.places import Site

from .tools import verify

TRACR = Path(cspec.__file__).parent / "specs" / "tracr"
TRUTH: dict[str, Any] = json.loads((TRACR / "truth.json").read_text(encoding="utf-8"))
PROGRAMS = ("hist", "reverse", "shuffle_dyck", "sort_unique")

SHORTER = {"hist": (4, 3), "reverse": (4, 3), "shuffle_dyck": (6, 4), "sort_unique": (4, 3)}
"""Tokens of each spec, and of the copy that is verified: what is said of a stage holds at every length."""

COMPILERS_NAMES = {"balance": "balance_()", "zero": "map"}
"""What the compiler calls variables that have another name in the specs."""

CONSTANT = {"length", "indices", "opp_idx", "opp_idx-1", "map_44"}
"""Variables that are the same for all inputs of one length: as readers, they cannot tell what was set."""


@dataclass(frozen=True)
class Placed:
    """A variable at a stage, as a spec places it alone; the alignment has the name of its claim."""

    claim: str
    variable: str
    stage: int
    dims: tuple[int, ...] | None


@cache
def placed(program: str) -> list[Placed]:
    """What the alignments of a spec place, but for those of several variables."""
    found = []
    for name, alignment in check(TRACR / f"{program}.cspec").program.alignments.items():
        if len(alignment.placements) == 1:
            (placement,) = alignment.placements
            assert isinstance(placement.place, Site)
            assert placement.place.layer is not None
            variable = COMPILERS_NAMES.get(placement.variable, placement.variable)
            found.append(Placed(name, variable, placement.place.layer, placement.place.dims))
    return found


def readers(name: str, variable: str) -> list[int]:
    """The stages at which a variable is read by what can tell at one length of the input, in order."""
    read_by = TRUTH[name]["variables"][variable]["read_by"]
    return sorted(stage for reader, stage in read_by.items() if reader not in CONSTANT)


def near_its_readers(name: str, place: Placed) -> bool:
    """Whether a stage lies between the one before a variable is written and the one after it was last read."""
    written = TRUTH[name]["variables"][place.variable]["written"]
    return bool(written - 1 <= place.stage <= readers(name, place.variable)[-1] + 1)


def shorter_copy(name: str, folder: Path, without: Collection[str] = ()) -> Path:
    """A copy of a spec with fewer tokens, without some of its claims, beside copies of its networks."""
    for network in (name, f"{name}-rotated"):
        shutil.copy(TRACR / f"{network}.safetensors", folder)
    text = (TRACR / f"{name}.cspec").read_text(encoding="utf-8")
    program, networks = text[: text.index("\nnetwork ")], text[text.index("\nnetwork ") :]
    was, now = SHORTER[name]
    program = program.replace(f"..{was - 1}", f"..{now - 1}")
    for old in ("[{}]", ": 1..{}", "length = {}"):
        program = program.replace(old.format(was), old.format(now))
    lines = networks.splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(tuple(f"claim {claim}:" for claim in without))]
    assert len(kept) == len(lines) - len(without)
    spec = folder / f"{name}.cspec"
    spec.write_text(program + "".join(kept), encoding="utf-8")
    return spec


@pytest.mark.parametrize("name", PROGRAMS)
def test_given_dims_hold_until_the_first_reader_and_do_nothing_after_the_last(name: str, tmp_path: Path) -> None:
    """In a random basis, the same dims never hold. Stages far from any reader are left to `table.py`."""
    places = placed(name)
    far = {place.claim for place in places if not near_its_readers(name, place)}
    run = verify(shorter_copy(name, tmp_path, far), tmp_path / "store")
    assert run.status == 0
    assert run.said("solves") == "holds"
    for place in places:
        known, read = TRUTH[name]["variables"][place.variable], readers(name, place.variable)
        assert place.dims == tuple(known["dims"])
        if place.claim in far:
            continue
        score = Fraction(run.quantity(place.claim)["exact"])
        if known["written"] <= place.stage <= read[0]:
            assert (run.said(place.claim), score) == ("holds", 1), place
            assert run.said(f"{place.claim}_rotated") == "refuted", place
        else:
            assert run.said(place.claim) == "refuted", place
            assert f"{place.claim}_rotated" not in run.verdicts
            assert (score == Fraction(1, 2)) == (place.stage < known["written"] or place.stage > read[-1]), place


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_variable_that_can_tell_is_placed_at_every_stage_from_where_it_is_written(name: str) -> None:
    found = {(place.variable, place.stage) for place in placed(name)}
    for variable, known in TRUTH[name]["variables"].items():
        for stage in range(known["written"], TRUTH[name]["last_stage"] + 1):
            assert ((variable, stage) in found) == (variable not in CONSTANT), variable


def test_one_reader_of_two_can_be_reached_alone(tmp_path: Path) -> None:
    """Set for the second reader alone, numbers go where others belonged: right if both inputs are in one order."""
    claims = set(check(TRACR / "sort_unique.cspec").program.claims) - {"second_reader", "tokens_1"}
    run = verify(shorter_copy("sort_unique", tmp_path, claims), tmp_path / "store")
    assert run.said("second_reader") == "holds"
    assert run.quantity("tokens_1")["exact"] == "1/6"


def test_both_engines_give_the_same_numbers(tmp_path: Path) -> None:
    spec = shorter_copy("hist", tmp_path)
    ours, theirs = (verify(spec, tmp_path / engine, "--engine", engine) for engine in ("fused", "pyvene"))
    numbers = [
        {name: (run.said(name), run.quantity(name)["exact"], run.quantity(name)["cells"]) for name in run.verdicts}
        for run in (ours, theirs)
    ]
    assert numbers[0] == numbers[1]
