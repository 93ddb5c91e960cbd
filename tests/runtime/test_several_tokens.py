"""Slots and answers of several tokens: set token by token, with sources of as many, and read one after the other.

A random network, so that every number is what the library's own forward gives and no theorem of a trained one.
"""

import functools
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch
from cspec.specs.train_gpt2 import make_tokenizer
from cspec.tests.command_line import run as run_command
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel

CITIES = ("Rome", "New York", "Oslo", "San Jose", "Rio de Janeiro")
WORDS = ("the", " city", " of", *(f" {word}" for city in CITIES for word in city.split()), " or", " yes", " no", " .")
SPEC = """
type city = csv("cities.csv")
task same_kind {
  input  x, y: city
  output long: bool
  prompt "the city of {x} or {y} ."
  answer long: { true: " yes", false: " no" } among answers
}
model first for same_kind { left: bool = x in {Rome, "San Jose"}  long = left }
network lm = transformers("lm") ungated
"""
Input = tuple[int, int]
INPUTS = list(itertools.product(range(len(CITIES)), repeat=2))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("uneven")
    (folder / "cities.csv").write_text("\n".join(("name", *CITIES, "")))
    sizes = {"vocab_size": 40, "n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 12}
    config = GPT2Config(**sizes, bos_token_id=None, eos_token_id=None)
    model, generator = GPT2LMHeadModel(config).eval(), torch.Generator().manual_seed(2)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) * 0.5)
    model.save_pretrained(folder / "lm")
    make_tokenizer(list(dict.fromkeys(WORDS))).save(str(folder / "lm" / "tokenizer.json"))
    return folder


def verify(folder: Path, claims: str, *more: str) -> tuple[int, dict[str, dict[str, Any]], str]:
    (folder / "e.cspec").write_text(SPEC + claims)
    done = run_command("verify", folder / "e.cspec", "--json", *more)
    document = done.document
    found = {v["name"]: v for v in document["result"]["verdicts"]} if "result" in document else {}
    return done.status, found, done.err + done.out


# --- the same by the library's own forward ---------------------------------------------------------------------------


@functools.cache
def library(folder: Path) -> tuple[GPT2LMHeadModel, dict[str, int]]:
    words = {word: index + 1 for index, word in enumerate(dict.fromkeys(WORDS))}
    return GPT2LMHeadModel.from_pretrained(folder / "lm").eval(), words


def slots(one: Input) -> tuple[list[str], range, range]:
    """The words of a prompt, and where `x` and `y` stand in it."""
    x, y = (CITIES[code].split() for code in one)
    start = 3 + len(x) + 1
    words = ["the", "city", "of", *x, "or", *y, "."]
    return words, range(3, 3 + len(x)), range(start, start + len(y))


@dataclass(frozen=True)
class Said:
    """Whether `yes` is better than `no`, what comes out of the first block, and all that could be said."""

    yes: bool
    state: Tensor
    logits: Tensor


def answer(
    folder: Path, one: Input, change: Callable[[Tensor], Tensor] | None = None, after: tuple[str, ...] = ()
) -> Said:
    """What is said after a prompt, and further words, where the first block's output is changed."""
    model, known = library(folder)
    words = [*slots(one)[0], *after]
    ids = torch.tensor([[known[words[0]], *(known[f" {word}"] for word in words[1:])]])
    kept: list[Tensor] = []

    def hook(_: Any, __: Any, out: Any) -> Any:
        state = out[0] if isinstance(out, tuple) else out
        state = state if change is None else change(state)
        kept.append(state)
        return (state, *out[1:]) if isinstance(out, tuple) else state

    handle = model.transformer.h[0].register_forward_hook(hook)
    try:
        with torch.no_grad():
            logits = model(input_ids=ids).logits[0, -1]
    finally:
        handle.remove()
    return Said(bool(logits[known[" yes"]] > logits[known[" no"]]), kept[0], logits)


def with_source(folder: Path, base: Input, source: Input, where: Callable[[Input], range]) -> Said:
    """What is said where the first block's output at some tokens is the source's."""
    state = answer(folder, source).state

    def change(own: Tensor) -> Tensor:
        own = own.clone()
        own[0, list(where(base))] = state[0, list(where(source))]
        return own

    return answer(folder, base, change)


def at_x(one: Input) -> range:
    return slots(one)[1]


def everywhere(one: Input) -> range:
    return range(len(slots(one)[0]))


def label(one: Input) -> bool:
    return one[0] in (0, 3)


def mean_of_halves(where: Callable[[Input], range], score: Callable[[Input, Input], int]) -> Fraction:
    """Over all bases and sources of as many tokens; label-changing and -keeping pairs count half each."""
    halves: dict[bool, list[int]] = {True: [], False: []}
    for base, source in itertools.product(INPUTS, repeat=2):
        if len(where(base)) == len(where(source)):
            halves[label(base) != label(source)].append(score(base, source))
    return sum((Fraction(sum(half), len(half)) for half in halves.values() if half), Fraction(0)) / sum(
        1 for half in halves.values() if half
    )


# --- tests -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["fused", "hooks"])
def test_an_interchange_at_all_tokens_of_a_slot_is_made_token_by_token(engine: str, folder: Path) -> None:
    claims = "align a: first -> lm { left at resid_post[0] @ {x}.all }\nclaim c: iia(a) >= 0.001 exhaustively\n"
    _, found, said = verify(folder, claims, "--engine", engine, "--store", str(folder / engine))
    assert found, said
    quantity = found["c"]["quantities"][0]
    wanted = mean_of_halves(at_x, lambda b, s: with_source(folder, b, s, at_x).yes == label(s))
    assert Fraction(quantity["exact"]) == wanted != Fraction(1, 2)
    apart = sum(len(at_x(b)) != len(at_x(s)) for b, s in itertools.product(INPUTS, repeat=2))
    assert any(f"{apart:,} of {len(INPUTS) ** 2:,} pairs" in remark for remark in quantity["remarks"])


EFFECTS: dict[str, tuple[Callable[[Input], range], Callable[[Path, Input, Input], Said]]] = {
    "effect(resid_post[0] @ {x}.all -> correct)": (at_x, lambda f, b, s: with_source(f, b, s, at_x)),
    # of a whole prompt nothing of the base is left after the first block
    "effect(resid_post[0] @ all -> correct)": (everywhere, lambda f, b, s: answer(f, s)),
    "effect(embed @ {x}.all -> correct)": (at_x, lambda f, b, s: answer(f, (s[0], b[1]))),
}


@pytest.mark.parametrize("text", EFFECTS)
def test_an_effect_sets_as_many_tokens_as_its_base_has(text: str, folder: Path) -> None:
    where, after = EFFECTS[text]
    _, found, said = verify(folder, f"claim c: {text} >= -0.99 exhaustively\n")
    assert found, said

    def gain(base: Input, source: Input) -> int:
        return (after(folder, base, source).yes == label(base)) - (answer(folder, base).yes == label(base))

    wanted = mean_of_halves(where, gain)
    assert Fraction(found["c"]["quantities"][0]["exact"]) == wanted != 0


@pytest.mark.parametrize("said", ["yes", "yes among answers", "yes | or", "yes | or among answers"])
def test_without_a_source_no_input_is_left_out(said: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is taken of another prompt: the mean is over all bases, and halves part the sources alone.

    What changes is what the task calls the answer: a value in any spelling, or what else is said where it may be.
    """
    true, among = [f'" {word}"' for word in said.split(" among")[0].split(" | ")], "among" in said
    declared = f'{{ true: {" | ".join(true)}, false: " no" }}{" among answers" if among else ""}'
    monkeypatch.setitem(globals(), "SPEC", SPEC.replace('{ true: " yes", false: " no" } among answers', declared))
    claim = "claim c: change({resid_post[0] @ {x}.all := 0} -> long) <= 0.999 exhaustively\n"
    _, found, told = verify(folder, claim)
    assert found, told
    _, known = library(folder)
    values = {known[" no"]: "no"} | {known[text.strip('"')]: "yes" for text in true}

    def value(logits: Tensor) -> str | int:
        token = max(values if among else range(len(logits)), key=lambda each: float(logits[each]))
        return values.get(token, token)

    def ablated(base: Input) -> Said:
        def change(own: Tensor) -> Tensor:
            own = own.clone()
            own[0, list(at_x(base))] = 0
            return own

        return answer(folder, base, change)

    wanted = mean_of_halves(
        lambda _: range(1), lambda b, _: value(ablated(b).logits) != value(answer(folder, b).logits)
    )
    assert Fraction(found["c"]["quantities"][0]["exact"]) == wanted
    assert not any("tokens" in remark for remark in found["c"]["quantities"][0]["remarks"])


def test_of_samples_every_source_has_as_many_tokens(folder: Path) -> None:
    """The engine would find it otherwise: each position has its counterpart."""
    spec = SPEC.replace("input  x, y: city", "input  x, y: city\n  input  u, v: 0..19")
    align = "align a: first -> lm { left at resid_post[0] @ {x}.all }\n"
    (folder / "s.cspec").write_text(f"{spec}{align}claim c: iia(a) >= 0.01\nclaim d: cause(a) >= 0.001\n")
    done = run_command("verify", folder / "s.cspec", "--json")
    for verdict in done.document["result"]["verdicts"]:
        quantity = verdict["quantities"][0]
        assert quantity["n"] >= 256
        assert any("left out, since their prompts differ" in remark for remark in quantity["remarks"])


@pytest.mark.parametrize(
    ("claim", "note"),
    [
        ("probe(a.left) >= 0.1", "what is read at `{x}.all`"),
        ("divergence(a) <= 9", "what is read at `{x}.all`"),
        ("change(y -> a.left) >= 0.1", "the variable `a.left` read at `{x}.all`"),
        ("change({a.left := mean(a.left)} -> long) >= 0.1", "a mean at `{x}.all`"),
        ("change({a.left := shuffled} -> long) >= 0.1", "`shuffled` units at `{x}.all`"),
        ("change(c -> long) >= 0.1", "a search at `all`"),
    ],
)
def test_what_needs_as_many_tokens_in_every_prompt_is_refused(claim: str, note: str, folder: Path) -> None:
    claims = "align a: first -> lm { left at resid_post[0] @ {x}.all }\n"
    claims += "circuit c = top 1 of resid_post[0, 1] @ all by change(it -> long)\n" if "(c " in claim else ""
    status, _, said = verify(folder, f"{claims}claim c: {claim}\n".replace("claim c", "claim d"))
    assert (status, note in said) == (2, True), said


def test_pyvene_says_what_it_does_not_run(folder: Path) -> None:
    claims = "align a: first -> lm { left at resid_post[0] @ {x}.all }\nclaim c: iia(a) >= 0.001 exhaustively\n"
    status, _, said = verify(folder, claims, "--engine", "pyvene")
    assert (status, "as many tokens in every prompt" in said) == (4, True), said


@pytest.mark.parametrize(("site", "where"), [("{x}.all", at_x), ("all", everywhere)])
def test_a_counterexample_is_replayed_with_as_many_tokens_as_it_has(
    site: str, where: Callable[[Input], range], folder: Path, tmp_path: Path
) -> None:
    claims = f"align a: first -> lm {{ left at resid_post[0] @ {site} }}\nclaim c: iia(a) >= 0.99 exhaustively\n"
    store = ("--store", tmp_path)
    _, verdicts, _ = verify(folder, claims, *store)
    counterexamples = verdicts["c"]["diagnosis"][0]["counterexamples"]
    assert counterexamples
    sizes = set[int]()
    for example in counterexamples:
        done = run_command("replay", f"{folder / 'e.cspec'}#{example['number']}", "--json", *store)
        assert done.status == 0
        base, source = (
            (CITIES.index(one["x"]), CITIES.index(one["y"])) for one in (example["base"], example["sources"]["left"])
        )
        sizes.add(len(where(base)))
        runs = {run["run"]: run["logits"][0] for run in done.document["replay"]["runs"]}
        expected = {"base": answer(folder, base), "interchange": with_source(folder, base, source, where)}
        _, known = library(folder)
        for name, own in expected.items():
            assert runs[name]["true"] == pytest.approx(float(own.logits[known[" yes"]]), abs=1e-4)
            assert runs[name]["false"] == pytest.approx(float(own.logits[known[" no"]]), abs=1e-4)
    assert len(sizes) > 1


def test_no_script_is_written_where_prompts_differ(folder: Path, tmp_path: Path) -> None:
    claims = "align a: first -> lm { left at resid_post[0] @ {x}.all }\nclaim c: iia(a) >= 0.001 exhaustively\n"
    assert verify(folder, claims, "--store", tmp_path)[0] == 0
    out = tmp_path / "check.py"
    done = run_command("compile", folder / "e.cspec", "--emit", "pyvene", "-o", out, "--store", tmp_path)
    assert done.status == 4
    assert "error[CS524]" in done.err
    assert "not as many in every prompt" in done.err
    assert "--engine pyvene" not in done.err
    assert not out.exists()


# --- answers of several tokens ---------------------------------------------------------------------------------------

TWICE = SPEC.replace('{ true: " yes", false: " no" }', '{ true: " New York", false: " New Jose" }')


def says_correctly(folder: Path, run: Input, correct: bool, change: Callable[[Tensor], Tensor] | None = None) -> bool:
    """Of the two answers the second token tells, read after the first; the first one is theirs alone."""
    _, known = library(folder)
    logits = answer(folder, run, change, ("New",)).logits
    return bool(logits[known[" York"]] > logits[known[" Jose"]]) == correct


def test_an_answer_of_several_tokens_is_right_where_each_of_the_bases_own_is(folder: Path) -> None:
    def zeroed(one: Input, own: Tensor) -> Tensor:
        own = own.clone()
        own[0, at_x(one)[-1]] = 0
        return own

    plain = {one: says_correctly(folder, one, True) for one in INPUTS}
    ablated = {one: says_correctly(folder, one, True, functools.partial(zeroed, one)) for one in INPUTS}
    texts: dict[str, Callable[[Input, Input], int]] = {
        "effect(x -> correct)": lambda b, s: (plain[s[0], b[1]] == label(b)) - (plain[b] == label(b)),
        "effect({resid_post[0] @ {x} := 0} -> correct)": lambda b, _: (ablated[b] == label(b)) - (plain[b] == label(b)),
    }
    claims = "".join(f"claim of_{i}: {text} >= -0.99 exhaustively\n" for i, text in enumerate(texts))
    (folder / "t.cspec").write_text(TWICE + claims)
    done = run_command("verify", folder / "t.cspec", "--json")
    found = {v["name"]: v["quantities"][0] for v in done.document["result"]["verdicts"]}
    for index, score in enumerate(texts.values()):
        assert Fraction(found[f"of_{index}"]["exact"]) == mean_of_halves(lambda _: range(1), score)
        assert found[f"of_{index}"]["estimate"] != 0


def test_what_else_an_answer_of_several_tokens_becomes_is_not_told(folder: Path) -> None:
    (folder / "t.cspec").write_text(f"{TWICE}claim c: change(x -> long) >= 0.1\n")
    done = run_command("verify", folder / "t.cspec")
    assert done.status == 2
    assert "read `correct`" in " ".join(done.err.split())
