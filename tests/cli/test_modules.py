"""Modules that effects set and searches choose from: the same as the components that they are."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from transformers import GPT2Config, GPT2LMHeadModel

from .test_transformers import SPEC, draw
from .tools import run

HEAD = SPEC.split("align given")[0].replace("OPTIONS", "")


@pytest.fixture
def gpt2(tmp_path: Path) -> Path:
    sizes = {"vocab_size": 40, "n_embd": 16, "n_layer": 3, "n_head": 4, "n_positions": 8}
    draw(GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=0, eos_token_id=0))).save_pretrained(tmp_path / "lm")
    return tmp_path


def quantity(folder: Path, claims: str, *options: str) -> dict[str, Any]:
    """The first estimand of the first claim, measured."""
    (folder / "m.cspec").write_text(HEAD + claims)
    done = run("verify", folder / "m.cspec", "--json", *options)
    document = json.loads(done.out)
    assert "result" in document, done.out
    found: dict[str, Any] = document["result"]["verdicts"][0]["quantities"][0]
    return found


def counts(measured: dict[str, Any]) -> list[tuple[float, int]]:
    return [(cell["right"], cell["n"]) for cell in measured["cells"]]


EFFECTS = (
    "change({SITE := 0} -> same)",
    "change(SITE -> same)",
    "change({SITE := mean(SITE)} -> same)",
    "change({SITE := SITE + noise(2)} -> same)",
    "change({SITE := shuffled} -> same)",
    "change(w -> same given SITE)",
    "change(w -> same through SITE)",
)


@pytest.mark.parametrize("engine", ["fused", "hooks"])
@pytest.mark.parametrize("text", EFFECTS)
def test_an_effect_of_a_module_is_that_of_the_component(text: str, engine: str, gpt2: Path) -> None:
    sites = ('module("transformer.h.1.mlp.c_proj")[0..15] @ last', "mlp_out[1] @ last")
    claims = (f"claim c: {text.replace('SITE', site)} >= 0.0001\n" for site in sites)
    module, component = (quantity(gpt2, claim, "--engine", engine) for claim in claims)
    assert counts(module) == counts(component)
    assert module["right"] > 0


def test_a_circuit_of_modules_is_that_of_components(gpt2: Path) -> None:
    circuits = (
        'module("transformer.h.0.mlp") @ last, module("transformer.h.1.mlp") @ last',
        "mlp_out[0] @ last, mlp_out[1] @ last",
    )
    specs = (
        f"circuit of_two = {{ {each} }}\nclaim c: change({{of_two := 0}} -> same) >= 0.0001\n" for each in circuits
    )
    module, component = (quantity(gpt2, spec) for spec in specs)
    assert counts(module) == counts(component)


def test_the_best_dims_of_a_module_are_those_of_the_component(gpt2: Path) -> None:
    specs = (
        f"circuit best = top 2 of {site}[*] @ last by change({{it := 0}} -> same)\n"
        "claim c: change({best := 0} -> same) >= 0.0001\n"
        for site in ('module("transformer.h.1")', "resid_post[1]")
    )
    module, component = (quantity(gpt2, spec) for spec in specs)
    assert counts(module) == counts(component)
    tables = [[(row["select"], row["chosen"]) for row in each["search"]] for each in (module, component)]
    assert tables[0] == tables[1]
    assert len({select for select, _ in tables[0]}) > 1


def test_a_variable_is_searched_for_in_modules_as_in_components(gpt2: Path) -> None:
    regions = (
        '[module("transformer.h.0.mlp")[0..7, 8..15] @ {x}, module("transformer.h.1")[*] @ {x}]',
        "[mlp_out[0][0..7, 8..15] @ {x}, resid_post[1][*] @ {x}]",
    )
    specs = (f"align a: compared -> lm over main {{ left in {each} }}\nclaim c: iia(a) >= 0.001\n" for each in regions)
    module, component = (quantity(gpt2, spec) for spec in specs)
    assert counts(module) == counts(component)
    tables = [[(row["select"], row["chosen"]) for row in each["search"]] for each in (module, component)]
    assert tables[0] == tables[1]
    assert len(tables[0]) == 18


@pytest.mark.parametrize(
    ("claims", "note"),
    [
        ('claim c: change({module("transformer.ln_f") @ last := 0} -> same) >= 0.1', "not known how wide it is"),
        (
            'claim c: change({module("transformer.h.1.mlp") @ last := 0} -> same given mlp_out[0] @ last) >= 0.1',
            "which comes first is known to the network alone",
        ),
        (
            "model parts for first_two { a = w  b = x  same = a == b }\n"
            'align a: parts -> lm over main { a in module("transformer.h.1")[*] @ last  b at embed @ {x} }\n'
            "claim c: iia(a) >= 0.1",
            "whose order is not known",
        ),
    ],
)
def test_a_module_that_nothing_orders_or_measures_is_refused(claims: str, note: str, gpt2: Path) -> None:
    (gpt2 / "m.cspec").write_text(f"{HEAD}{claims}\n")
    done = run("verify", gpt2 / "m.cspec")
    assert (done.status, note in " ".join(done.err.split())) == (2, True), done.err


@pytest.mark.parametrize("engine", ["fused", "hooks"])
@pytest.mark.parametrize(
    "text", ["change(SITE -> same)", "change(w -> same given SITE)", "change(w -> same through SITE)"]
)
def test_the_last_layer_and_the_norm_after_it_carry_what_the_last_stream_is(
    text: str, engine: str, gpt2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that is answered hangs on the last token's stream, before the final norm and after it.

    On the whole of a small domain, so that every prompt is a base and a source again and again, and is run once.
    """
    monkeypatch.setattr(sys.modules[__name__], "HEAD", HEAD.replace("0..29", "0..2"))
    sites = ('module("transformer.ln_f")[0..15]', 'module("transformer.h.2")', "resid_post[2]")
    texts = (text.replace("SITE", f"{site} @ [{{w}}, last]") for site in sites)
    claims = (f"claim c: {each} >= 0.0001 exhaustively\n" for each in texts)
    after, layer, component = (quantity(gpt2, claim, "--engine", engine) for claim in claims)
    assert counts(after) == counts(layer) == counts(component)
    assert (component["right"] > 0) == ("given" not in text)


@pytest.mark.parametrize(
    "claim",
    [
        "change(rest(a) -> same)",
        "change(embed @ {x} -> same given a.left, rest)",
        "change(embed @ {x} -> a.left given rest)",
    ],
)
def test_a_rest_beside_a_module_where_a_variable_lies_is_refused(claim: str, gpt2: Path) -> None:
    """What a module makes is not told by its units: an alignment's module is one like any other."""
    align = 'align a: compared -> lm { left at module("transformer.h.1.mlp")[0..7] @ {x} }\n'
    (gpt2 / "m.cspec").write_text(f"{HEAD}{align}claim c: {claim} <= 0.9\n")
    done = run("verify", gpt2 / "m.cspec")
    assert (done.status, "beside a module" in " ".join(done.err.split())) == (2, True), done.err
