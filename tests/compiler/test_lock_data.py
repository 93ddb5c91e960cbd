"""The lock covers what a spec reads from other files: values of tables, and imported text."""

import shutil
from pathlib import Path

from cspec.compiler.locking.lock import lock_spec
from cspec.compiler.pipeline import check_spec
from cspec.lang import Source

NETWORK = Path(__file__).parents[1] / "golden" / "good" / "net64.safetensors"
SHARED = """table after: 0..3 -> 0..3 = csv("rows.csv", key: k, value: v)
task step {
  input  w, x, y, z: 0..3
  output same: bool
  tokens [w, x, y, z]
  answer same: { false: 0, true: 1 }
}
model m for step {
  next = after[w]
  same = next == x
}
"""
SPEC = """import "shared.cspec"
network net = torch("net.safetensors")
align a: m -> net { next at hidden[1] via identity }
claim c: iia(a) >= 0.5 exhaustively
"""


def test_values_of_a_table_and_imported_text_are_part_of_the_lock(tmp_path: Path) -> None:
    shutil.copy(NETWORK, tmp_path / "net.safetensors")
    files = {"rows.csv": "k,v\n0,1\n1,2\n2,3\n3,0\n", "shared.cspec": SHARED, "spec.cspec": SPEC}

    def locked(**changed: str) -> str:
        for name, text in (files | {n.replace("_", "."): t for n, t in changed.items()}).items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        return lock_spec(check_spec(Source(tmp_path / "spec.cspec", SPEC))).hash

    first = locked()
    assert locked(rows_csv="k,v\r\n3,0\r\n0,1\r\n1,2\r\n2,3\r\n") == first, "the same table, written otherwise"
    others = {
        locked(rows_csv="k,v\n0,2\n1,1\n2,3\n3,0\n"),
        locked(shared_cspec=SHARED.replace("next == x", "next != x")),
        locked(shared_cspec=SHARED.replace("w, x, y, z: 0..3", "w, y, z: 0..3\n  input x: 0..4")),
    }
    assert len(others | {first}) == 4
