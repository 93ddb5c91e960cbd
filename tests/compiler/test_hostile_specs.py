"""Specs that would take very long, or all of the memory: each is judged with bounded work, and what is said is true."""

import time
from pathlib import Path

import pytest
from cspec.compiler.pipeline import check_spec
from cspec.lang.diagnostics import Source, SpecError

MOST_SECONDS = 20
"""Of processor time, on a slow machine; each takes a second or two."""


def task(inputs: int, domain: str, require: str = "") -> str:
    names = ", ".join(f"x{i}" for i in range(inputs))
    return (
        f"task t {{\n  input {names}: {domain}\n  {require}\n  output same: bool\n  vector [{names}]\n"
        "  answer same: { false: 0, true: 1 }\n}\n"
    )


def rivals(count: int, inputs: int) -> str:
    products = " + ".join(f"x{i} * x{(i + 5) % inputs}" for i in range(inputs))
    return "".join(f"model m{k} for t {{ a = ({products} + {k} - {k}) % 101\n same = a > 50 }}\n" for k in range(count))


HUGE = task(4, "0..2_000_000_000")
DOUBLING = "model m for t {\n  v0 = x0\n" + "".join(
    f"  v{i} = (v{i - 1} + v{i - 1} * x{i % 4}) % 97\n" for i in range(1, 60)
)

DIVISIONS = "model m for t {\n" + "".join(
    f"  v{i} = if (x{i % 4} + x{(i + 1) % 4}) % 7 == 3 and x{(i + 2) % 4} > {i} then x{i % 4} // (x{(i + 2) % 4} - {i})"
    f" + x{(i + 1) % 4} % ((x{i % 4} + x{(i + 1) % 4}) % 7) else 0\n"
    for i in range(300)
)

SPECS = {
    "many_divisions": (
        task(4, "0..9999")
        + DIVISIONS
        + "".join(f"  s{j} = {' + '.join(f'v{i}' for i in range(50 * j, 50 * j + 50))}\n" for j in range(6))
        + f"  same = {' + '.join(f's{j}' for j in range(6))} > 3\n}}\n",
        {"CS224"},
    ),
    "huge_range": (HUGE + "model m for t { a: 0..5 = x0 + x1\n same = a > 3 }\n", {"CS220"}),
    # 0 + 0 == 0 * 0, but random inputs do not show it: nothing false is said
    "huge_require": (
        task(4, "0..2_000_000_000", "require x0 + x1 == x2 * x3") + "model m for t { same = x0 > x1 }\n",
        {"CS221"},
    ),
    "many_rivals": (task(12, "0..99") + rivals(60, 12), {"CS224"}),
    "many_requirements": (
        task(8, "0..99", "\n".join(f"require (x{i % 8} * x{(i + 1) % 8}) % 101 != {i}" for i in range(80)))
        + "model m for t { same = x0 > x1 }\n",
        set(),
    ),
    "many_look_ups": (
        task(6, "0..9")
        + "model m for t {\n"
        + "".join(f"  p{i} = the i in 0..9 where i == x{i % 6} and i != x{(i + 1) % 6}\n" for i in range(200))
        + "  same = p0 == p1\n}\n",
        {"CS204"},
    ),
    "many_divisions_of_a_recipe": (
        task(8, "0..99")
        + "pairs p for t {\n"
        + "".join(
            f"  where base.x{i % 8} // ((source.x{(i + 1) % 8} * base.x{(i + 2) % 8}) % 101) != 7\n" for i in range(60)
        )
        + "}\n",
        {"CS223"},
    ),
    "a_family_of_thousands": (
        "task t {\n input x[2000]: 0..9\n output y: bool\n tokens [x]\n answer y: { false: 0, true: 1 }\n}\n"
        "model m for t { y = sum(x[i] for i in 0..1999) > 4000 }\n",
        set(),
    ),
    "definitions_that_double": (
        task(4, "0..9") + DOUBLING + "  same = v59 > 3\n}\npairs p for t { where base.v59 > 3 }\n",
        {"CS448"},
    ),
}


@pytest.mark.parametrize("name", SPECS)
def test_checking_is_bounded(name: str, tmp_path: Path) -> None:
    text, expected = SPECS[name]
    started = time.process_time()
    try:
        found = check_spec(Source(tmp_path / "spec.cspec", text)).warnings
    except SpecError as wrong:
        found = wrong.diagnostics
    assert time.process_time() - started < MOST_SECONDS
    assert {diagnostic.code for diagnostic in found} == expected


def test_what_sampling_did_not_find_is_not_said_to_be_impossible(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as wrong:
        check_spec(Source(tmp_path / "spec.cspec", SPECS["huge_require"][0]))
    (diagnostic,) = wrong.value.diagnostics
    assert diagnostic.message == "no input of `t` was found that satisfies this `require`"
    assert diagnostic.notes == ("by sampling: none of the random inputs satisfies it",)
