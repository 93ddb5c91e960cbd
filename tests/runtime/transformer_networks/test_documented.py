"""The table of docs/networks.md against the one that networks are run by."""

from pathlib import Path

import cspec
from cspec.compiler.network_facts.transformer import ARCHITECTURES
from cspec.runtime.networks.transformers.families import FAMILIES, Family, Port

PAGE = Path(cspec.__file__).parent / "docs" / "networks.md"
WHOLE = ("stack", "embed", "final", "head")
COMPONENTS = ("q", "k", "v", "head_out", "attn_out", "resid_mid", "mlp_act", "mlp_out")


def documented() -> dict[str, dict[str, str]]:
    """By `model_type` and row, what the table says."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| what | `gpt2`"))
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    head, _, *body = rows
    table: dict[str, dict[str, str]] = {}
    for column, families in enumerate(head):
        for family in (name.strip("` ") for name in families.split(",")) if column else ():
            table[family] = {row[0].strip("`"): row[column] for row in body}
    return table


def shown(port: Port | None, component: str) -> str:
    assert port is not None
    if port.packing != "alone":
        return f"`{port.module}`, {port.packing}"
    if component == "resid_mid":
        assert port.end == "shares"
        return f"into `{port.module}`"
    return f"into `{port.module}`" if port.end == "reads" else f"`{port.module}`"


def rendered(family: Family) -> dict[str, str]:
    whole = {
        "layers": f"`{family.stack}`",
        "embed": f"`{family.embed}`",
        "after the last layer": f"into `{family.final}`",
        "language head": f"`{family.head}`",
    }
    return whole | {name: shown(getattr(family.ports, name), name) for name in COMPONENTS}


def test_the_page_says_where_every_component_of_every_family_lies() -> None:
    assert documented() == {name: rendered(family) for name, family in FAMILIES.items()}


def test_every_architecture_that_checking_knows_can_be_run_in_pieces() -> None:
    assert set(FAMILIES) == set(ARCHITECTURES)
