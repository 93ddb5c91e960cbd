"""A family that is searched for in a compiled transformer, of which it is known where it lies."""

import shutil
from pathlib import Path

import cspec

from .tools import verify

TRACR = Path(cspec.__file__).parent / "specs" / "tracr"
SPEC = """
task counting {
  input  x[4]: 0..3
  output hist[4]: 1..4
  tokens [x]
  answer hist @ {x}: index
}
model program for counting {
  for i in 0..3 { hist[i] = count(x[j] == x[i] for j in 0..3) }
}
network net = torch("hist.safetensors")
align named:  program -> net { hist in resid[*][0..6, 5..6] @ {x} }
align looped: program -> net { for i in 0..3 { hist[i] in resid[0..2][0..6, 5..6] @ {x[i]} } }
claim named:  iia(named) == 1 exhaustively
claim looped: iia(looped) == 1 exhaustively
"""


def test_the_counts_are_found_where_the_compiler_writes_them(tmp_path: Path) -> None:
    """In dims 0..6 once the MLP has run, all four at their own tokens; the loop states the very same search."""
    shutil.copy(TRACR / "hist.safetensors", tmp_path)
    (tmp_path / "spec.cspec").write_text(SPEC, encoding="utf-8")
    verified = verify(tmp_path / "spec.cspec", tmp_path / "store")
    for claim in ("named", "looped"):
        quantity = verified.quantity(claim)
        assert quantity["exact"] == "1"
        scores = {row["place"]: row["select"] for row in quantity["search"]}
        (chosen,) = (row["place"] for row in quantity["search"] if row["chosen"])
        assert chosen == "resid[2] @ 1, 2, 3, 4[0..6]"
        assert scores.pop(chosen) == 1
        assert len(scores) == 5
        assert set(scores.values()) == {0.5}
