"""`x in T`: membership in the values of a named type, against plain Python on every input."""

from pathlib import Path

import numpy as np
from cspec.compiler.causal_model import lower_model
from cspec.lang import Source, read_program

SPEC = """
type Digit = 3..7
type Shade = {pale, dark}
fn wide(n: 0..30): bool = n + 1 in Digit
task digits {
  input  x: 0..12
  input  shade: Shade
  input  known: bool
  output hits: 0..30
  tokens [x, shade, known]
  answer hits: index
}
model by_type for digits {
  low: bool = x not in Digit
  every: bool = shade in Shade and known in bool
  none: bool = shade not in Shade
  loops = count(x + i in Digit for i in 0..4)
  known_beforehand = sum(i for i in 0..9 where i in Digit)
  hits = (if low then 1 else 0) + (if wide(x) then 2 else 0) + (if every then 4 else 0) + (if none then 8 else 0)
    + loops - loops + (if known then known_beforehand - 25 else 0)
}
"""


def test_membership_in_a_type_is_python_s() -> None:
    program, found = read_program(Source(Path("spec.cspec"), SPEC))
    assert program is not None, found
    model = lower_model(program.models["by_type"], program.tasks["digits"])
    codes = np.array([[x, shade, known] for x in range(13) for shade in range(2) for known in range(2)])
    values = model.run(codes, {})
    digit = range(3, 8)
    for item, (x, _, _) in enumerate(codes):
        value = {name: int(column[item]) for name, column in values.items()}
        assert value["low"] == (x not in digit)
        assert value["every"] == 1
        assert value["none"] == 0
        assert value["hits"] == (x not in digit) + 2 * (x + 1 in digit) + 4
