"""`cae` after prompts: what is left of a layer of the gallery's network, and where there is no such rest."""

from pathlib import Path

import cspec
import pytest

from .tools import run

PRICING = Path(cspec.__file__).parent / "specs" / "pricing" / "pricing.cspec"


def test_nothing_beside_the_last_state_is_read(tmp_path: Path) -> None:
    """After the last layer the answer is computed from the last token's state alone; before it, from others too."""
    (tmp_path / "spec.cspec").write_text(f"""import "{PRICING}"
align last: boundaries -> lm over main {{ ok at resid_post[1] @ last }}
align first: boundaries -> lm over main {{ ok at resid_post[0] @ last }}
claim nothing_else: cae(last) <= 0.05
claim elsewhere: cae(first) >= 0.2
""")
    done = run("verify", tmp_path / "spec.cspec", "--json", "--allow-path", "--store", tmp_path / "store")
    assert done.err == ""
    assert [v["outcome"] for v in done.document["result"]["verdicts"]] == ["holds", "holds"]


@pytest.mark.parametrize(
    ("site", "prompt", "answer", "what"),
    [
        ("attn_out[1] @ last", "is {a:03} more", '" no"', "past which the residual stream goes"),
        ("resid_post[1] @ {a}", "is {a} more", '" no"', "prompts of several lengths"),
        ("resid_post[1] @ {a}", "is {a:03} more", '" say yes only"', "an answer of several tokens"),
    ],
)
def test_what_has_no_rest_is_refused_by_name(site: str, prompt: str, answer: str, what: str, tmp_path: Path) -> None:
    lm = Path(__file__).parents[1] / "golden" / "good" / "lm"
    (tmp_path / "spec.cspec").write_text(f"""task t {{
  input a: 0..250
  output big: bool
  prompt "{prompt}"
  answer big: {{ true: " yes", false: {answer} }}
}}
model m for t {{ size: bool = a > 99  big = size }}
network lm = transformers("{lm}") ungated
align das: m -> lm {{ size at {site} }}
claim c: cae(das) <= 0.1
""")
    done = run("verify", tmp_path / "spec.cspec", "--allow-path", "--store", tmp_path / "store")
    assert done.status == 2
    assert "error[CS480]" in done.err
    assert what in done.err
