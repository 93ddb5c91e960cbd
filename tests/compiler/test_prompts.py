"""Prompts cut into tokens: slots, positions and answers against Python's own formatting and the tokenizer's decoder."""

import json
import re
import shutil
import struct
from pathlib import Path

import pytest
from cspec.cli.main import main
from cspec.compiler.checks.runnable.check_runnable import check_runnable, list_runnable
from cspec.compiler.network_facts import Tokenizer, read_tokenizer
from cspec.compiler.pipeline import Checked, check_spec
from cspec.compiler.prompts import PromptLayout, draw_inputs, lay_out, resolve_in_prompt
from cspec.compiler.prompts.check_answers import say_after
from cspec.lang import Source, SpecError, read_program
from cspec.lang.places import EVERY_TOKEN, Position
from cspec.lang.program import Task
from cspec.specs.train_gpt2 import make_tokenizer

NETWORK = Path(__file__).parent.parent / "golden" / "good" / "lm"
EXAMPLE = """
task pricing {
  input  lo, hi, cost: 0..99
  require lo < hi
  output ok: bool
  prompt "say yes only if it costs between {lo} and {hi} dollars . it costs {cost} dollars ."
  answer ok: { true: " yes", false: " no" }
}

model boundaries for pricing {
  above: bool = cost >= lo
  below: bool = cost <= hi
  ok = above and below
}

model midpoint for pricing {
  distance = abs(2 * cost - (lo + hi))
  ok = distance <= hi - lo
}

network lm = transformers("./lm")

align bounds: boundaries -> lm {
  above, below in resid_post[*] @ [last, {cost}] via rotation size learned
}

align mid: midpoint -> lm {
  distance in resid_post[*] @ [last, {cost}] via rotation size learned
}

claim solves:    accuracy(lm) >= 0.98
claim localised: iia(bounds) >= 0.85
claim better:    iia(bounds) - iia(mid) >= 0.10
"""


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return read_tokenizer(NETWORK)


def task_of(text: str) -> Task:
    program, diagnostics = read_program(Source(Path("spec.cspec"), text))
    assert program is not None, diagnostics
    (task,) = program.tasks.values()
    return task


def check_in(folder: Path, text: str) -> Checked:
    if not (folder / "lm").exists():
        shutil.copytree(NETWORK, folder / "lm")
    return check_spec(Source(folder / "spec.cspec", text))


def layout_of(text: str, tokenizer: Tokenizer) -> PromptLayout:
    layout = lay_out(task_of(text), tokenizer)
    assert layout is not None
    return layout


CITIES = ("New York", "Rome", "Rio de Janeiro")
TRAVEL = """
type city = csv("cities.csv")
task travel {
  input  x, y: city
  output same: bool
  prompt "from {x} to {y} ." | "to {y} from {x} ."
  answer same: { true: " yes", false: " no" }
}
model by_city for travel { same = x == y }
network lm = transformers("./lm")
"""


@pytest.fixture
def travels(tmp_path: Path) -> Path:
    """A folder with a network of nine tokens at most; the first city is neither the shortest nor the longest."""
    words = (
        "from",
        "to",
        " from",
        " to",
        *(f" {word}" for city in CITIES for word in city.split()),
        " yes",
        " no",
        " .",
    )
    shutil.copytree(NETWORK, tmp_path / "lm")
    shorten(tmp_path, 9)
    make_tokenizer(list(words)).save(str(tmp_path / "lm" / "tokenizer.json"))
    (tmp_path / "cities.csv").write_text("\n".join(("name", *CITIES, "")))
    return tmp_path


def shorten(folder: Path, context: int) -> None:
    config = json.loads((folder / "lm" / "config.json").read_text())
    (folder / "lm" / "config.json").write_text(json.dumps(config | {"max_position_embeddings": context}))


def problems_of(folder: Path, text: str) -> list[tuple[str, str]]:
    (folder / "spec.cspec").write_text(text)
    with pytest.raises(SpecError) as raised:
        check_spec(Source(folder / "spec.cspec", text))
    return [(problem.code, problem.message) for problem in raised.value.diagnostics if problem.severity == "error"]


def test_the_shortest_prompt_and_the_longest_are_looked_at_whatever_shows_their_slots(travels: Path) -> None:
    """Of 5 to 9 tokens; slots show all of their values in prompts of 6 to 8 tokens."""
    claim = "claim {}: change(resid_post[0] @ {} -> correct) <= 0.5 exhaustively\n"
    for name, position in (("fifth", "4"), ("first", "-5")):
        check_spec(Source(travels / "spec.cspec", TRAVEL + claim.format(name, position)))
    for name, position in (("sixth", "5"), ("before", "-6")):
        (found,) = problems_of(travels, TRAVEL + claim.format(name, position))
        assert found == ("CS332", found[1])
        assert "5 in the shortest prompt" in found[1]
    shorten(travels, 8)
    found = problems_of(travels, TRAVEL + claim.format("fifth", "4"))
    assert ("CS536", "expected 1 to 8 tokens, found a prompt of 9: the network `lm` reads 1 to 8") in found


PLAIN = """task t {
  input a: 0..120
  input b: 3..9
  require a != b
  output ok: bool
  prompt "from {a} to {b:03} , {a + b as both} ." | "{b} is {b + a as both} or {a} ?"
  answer ok: { false: 0, true: 1 }
}"""


def test_inputs_are_all_those_that_are_admitted() -> None:
    columns, every = draw_inputs(task_of(PLAIN))
    found = set(zip(columns["a"].tolist(), columns["b"].tolist(), strict=True))
    assert every
    assert found == {(a, b) for a in range(121) for b in range(3, 10) if a != b}


def test_a_large_domain_is_sampled_within_its_conditions() -> None:
    columns, every = draw_inputs(task_of(EXAMPLE[: EXAMPLE.index("model")]))
    assert not every
    assert (columns["lo"] < columns["hi"]).all()
    assert set(columns["cost"].tolist()) == set(range(100))


def test_prompts_show_every_value_and_slots_hold_their_text(tokenizer: Tokenizer) -> None:
    layout = layout_of(PLAIN, tokenizer)
    assert layout.every
    for number, names in enumerate((("a", "b", "both"), ("b", "both", "a"))):
        prompts = layout.of(number)
        values = {name: {p.values[i] for p in prompts} for i, name in enumerate(names)}
        assert values["a"] == {str(a) for a in range(121)}
        assert values["both"] == {str(a + b) for a in range(121) for b in range(3, 10) if a != b}
        for prompt in prompts:
            a, b = prompt.inputs["a"], prompt.inputs["b"]
            assert prompt.text == (f"from {a} to {b:03} , {a + b} .", f"{b} is {b + a} or {a} ?")[number]
            assert all(prompt.whole)
            for held, value in zip(prompt.positions, prompt.values, strict=True):
                said = "".join(tokenizer.show(prompt.encoded.ids[index]) for index in held)
                assert said.lstrip("Ġ") == value


def test_positions_are_those_of_the_prompt_whatever_its_length(tokenizer: Tokenizer) -> None:
    layout = layout_of(PLAIN, tokenizer)
    lengths = set()
    for prompt in layout.prompts:
        lengths.add(prompt.length)
        name = layout.templates[prompt.template].slots
        held = prompt.positions[[slot.name for slot in name].index("a")]

        def at(position: Position, prompt=prompt) -> tuple[int, ...]:  # type: ignore[no-untyped-def]
            return resolve_in_prompt(position, prompt, layout)

        assert at(Position(slot="a")) == at(Position(index=held[-1])) == (held[-1],)
        assert at(Position(slot="a", part="first")) == (held[0],)
        assert at(Position(slot="a", part="all")) == held == tuple(range(held[0], held[-1] + 1))
        assert at(Position(index=-1)) == (prompt.length - 1,)
        assert at(EVERY_TOKEN) == tuple(range(prompt.length))
        assert at(Position(index=prompt.length)) == at(Position(index=-prompt.length - 1)) == ()
    assert len(lengths) > 2


def test_an_answer_is_what_follows_the_prompt(tokenizer: Tokenizer) -> None:
    yes, joined, several = say_after("it costs 1", [(0, " yes"), (1, "0"), (2, " only if")], tokenizer)
    assert [tokenizer.show(token) for token in yes.ids or ()] == ["Ġyes"]
    assert joined.ids is None
    assert [tokenizer.show(token) for token in several.ids or ()] == ["Ġonly", "Ġif"]


def test_the_price_tagging_example_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checked = check_in(tmp_path, EXAMPLE)
    assert checked.warnings == ()
    assert checked.networks["lm"].facts.layers("resid_post") == (0, 1, 2, 3)
    (tmp_path / "spec.cspec").write_text(EXAMPLE)
    assert main(["check", "--tokens", str(tmp_path / "spec.cspec")]) == 0
    out = capsys.readouterr().out
    assert "cannot run yet" not in out
    assert "17 tokens, for instance:" in out
    assert "{cost}: here `" in out
    assert "answer ok: true is ` yes`, token `Ġyes` (" in out


def test_the_texts_of_metrics_are_shown_as_they_follow_a_prompt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = '  metric sure: 0..1 = prob(" yes")\n  metric tail: -60..0 = logprob(" yes only if {hi}")\n}'
    text = EXAMPLE.replace("}\n\nmodel boundaries", metrics + "\n\nmodel boundaries", 1)
    check_in(tmp_path, text)
    (tmp_path / "spec.cspec").write_text(text)
    assert main(["check", "--tokens", str(tmp_path / "spec.cspec")]) == 0
    out = capsys.readouterr().out
    assert "  prob of ` yes`, Ġyes (" in out
    assert re.search(r"  logprob of ` yes only if \d+`, Ġyes \(\d+\) Ġonly \(\d+\) Ġif \(\d+\) Ġ\d+ \(\d+\)", out)


def test_tokens_are_a_part_of_the_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check_in(tmp_path, EXAMPLE)
    (tmp_path / "spec.cspec").write_text(EXAMPLE)
    assert main(["check", "--tokens", "--json", str(tmp_path / "spec.cspec")]) == 0
    (found,) = json.loads(capsys.readouterr().out)["tokens"]
    tokenizer = read_tokenizer(tmp_path / "lm")
    for template in found["templates"]:
        (encoded,) = tokenizer.encode([template["prompt"]], special=True)
        assert [token["id"] for token in template["tokens"]] == list(encoded.ids)
        for slot in template["slots"]:
            held = "".join(template["tokens"][position]["text"] for position in slot["positions"])
            assert held.replace("Ġ", "") == slot["value"]
            assert len(slot["positions"]) in slot["lengths"]
    assert {answer["value"] for answer in found["answers"]} == {"false", "true"}
    for answer in found["answers"]:
        assert "".join(token["text"] for token in answer["tokens"]).replace("Ġ", " ") == answer["text"]


def test_what_the_example_lacks_is_said(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        check_spec(Source(tmp_path / "spec.cspec", EXAMPLE))
    assert [d.code for d in caught.value.diagnostics] == ["CS532"]


CAPABILITIES = """
type dimension = {grounding, coherence}
type question  = csv("prompts.csv")

task reply {
  input  ask: question
  prompt "{ask}"
  answer text(40)
  for d in dimension {
    metric score[d]: 1..10 = judge[d][answer]
    metric lean[d]: -9..9  = logprob(good[d][ask]) - logprob(poor[d][ask])
  }
}

network primed = transformers("./lm")

for d in dimension {
  table   judge[d]   = csv("judge.csv", key: reply, value: "{d}")
  table   good[d]    = csv("contrast-{d}.csv", key: prompt, value: deep)
  table   poor[d]    = csv("contrast-{d}.csv", key: prompt, value: shallow)
  network deep[d]    = transformers("./lm")
  network shallow[d] = transformers("./lm")
  circuit heads[d]   = top 8 of head_out[*, *] @ all by effect({it := it on deep[d]} -> lean[d] on shallow[d])
}

graph capabilities on primed {
  for d in dimension { node skill[d]: heads[d] -> score[d] }
}

claim upstream: effect(skill[grounding] -> skill[coherence]) <= -0.5
"""


@pytest.mark.parametrize(
    ("placed", "code"),
    [
        ("above at resid_post[1] @ [{cost}.first, {cost}] via rotation size 2", "CS306"),
        ("above at resid_post[1] @ [{hi}, LATEST]", "CS306"),  # where `hi` stands in a long prompt only
        ("above at [resid_post[1] @ {cost}.first, resid_post[1][0..3] @ {cost}] via rotation size 2", "CS306"),
        ("above at resid_post[1] @ {cost}.first  below at resid_post[1] @ {cost}", "CS302"),
        (
            "above at resid_post[1] @ {cost}.first via rotation size 2"
            "  below at resid_post[1] @ {cost} via rotation size 2",
            "CS302",
        ),
        ("above at resid_post[1][0..3] @ {cost}.first  below at resid_post[1][4..7] @ {cost}", None),
        ("above at resid_post[1] @ [{lo}.first, {cost}] via rotation size 2", None),
    ],
)
def test_positions_that_are_one_token_in_some_prompt_are_said_with_the_prompt(
    placed: str, code: str | None, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    head = EXAMPLE[: EXAMPLE.index("align")].replace("0..99", "0..250")
    layout = layout_of(head[: head.index("network")], tokenizer)
    latest = max(prompt.positions[1][-1] for prompt in layout.prompts)
    assert layout.shortest.positions[1][-1] < latest < layout.shortest.length
    placed = placed.replace("LATEST", str(latest))
    text = f"{head}align das: boundaries -> lm {{ {placed} }}\nclaim c: iia(das) >= 0.9\n"
    if code is None:
        check_in(tmp_path, text)
        return
    with pytest.raises(SpecError) as caught:
        check_in(tmp_path, text)
    (found,) = [problem for problem in caught.value.diagnostics if problem.severity == "error"]
    assert found.code == code
    assert any("in the prompt `say" in note for note in found.notes)


def test_judged_answers_of_several_checkpoints_check(tmp_path: Path) -> None:
    asked = [f"it costs {low} and {high}" for low in range(60) for high in range(60)]
    (tmp_path / "prompts.csv").write_text("\n".join(("ask", *asked, "")))
    (tmp_path / "judge.csv").write_text("reply,grounding,coherence\nyes,3,4\n")
    for name in ("grounding", "coherence"):
        rows = [f"{ask}, no, yes" for ask in asked]
        (tmp_path / f"contrast-{name}.csv").write_text("\n".join(("prompt,deep,shallow", *rows, "")))
    checked = check_in(tmp_path, CAPABILITIES)
    task = checked.program.tasks["reply"]
    assert task.metrics["score[coherence]"].tables == ("judge[coherence]",)
    assert task.metrics["score[coherence]"].reads_answer
    assert task.metrics["lean[grounding]"].tables == ("good[grounding]", "poor[grounding]")
    with pytest.raises(SpecError) as caught:
        check_in(tmp_path, CAPABILITIES.replace("head_out[*, *]", "head_out[*, 0..8]"))
    assert {d.code for d in caught.value.diagnostics} == {"CS320"}


# --- what no engine runs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["verify"], ["compile", "--emit", "plan"]])
def test_what_cannot_run_is_one_error_at_its_place(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(NETWORK, tmp_path / "lm")
    (tmp_path / "spec.cspec").write_text(EXAMPLE.replace('" yes"', '" yes only" | " say"'))
    name, *options = command
    assert main([name, str(tmp_path / "spec.cspec"), *options]) == 2
    error = capsys.readouterr().err
    assert error.count("error[") == 1
    assert "error[CS519]" in error
    assert "the answer `ok` of several tokens in several spellings" in error


MLP_TASK = """task t {
  input a, b: 0..7
  output ok: bool
  RENDERING
  ANSWER
}
model m for t {
  less: bool = a < b
  ok = less
}
network mlp = torch("net.safetensors")
align das: m -> mlp { less at SITE via MAP }
claim c: iia(das) >= 0.5
claim d: accuracy(mlp) >= 0.5
"""
RIGHT = {
    "RENDERING": "tokens [a, b]",
    "ANSWER": "answer ok: { false: 0, true: 1 }",
    "SITE": "hidden[1]",
    "MAP": "pca size 1",
}


@pytest.mark.parametrize(
    ("part", "text", "at", "running"),
    [
        ("SITE", "hidden[1]", None, ["c", "d"]),
        ("RENDERING", "vector [a, b]", None, ["c", "d"]),
        (
            "ANSWER",
            "answer ok: { false: 0, true: 1 } among answers",
            None,
            ["c", "d"],
        ),
        ("SITE", "[hidden[1], hidden[2]]", None, ["c", "d"]),
        ("SITE", 'module("layers.1") @ last', 'module("layers.1") @ last', ["d"]),
        ("MAP", 'sae("f.safetensors")', None, ["c", "d"]),
    ],
)
def test_each_claim_runs_unless_it_rests_on_something_that_does_not(
    part: str, text: str, at: str | None, running: list[str]
) -> None:
    spec = MLP_TASK
    for name, written in (RIGHT | {part: text}).items():
        spec = spec.replace(name, written)
    program, diagnostics = read_program(Source(Path("spec.cspec"), spec))
    assert program is not None, diagnostics
    found = check_runnable(program, {})
    assert [spec[d.label.span.start : d.label.span.end] for d in found] == ([] if at is None else [at])
    assert [claim.name for claim in list_runnable(program, {}).claims] == running


def test_an_autoencoder_must_read_what_lies_at_its_site(tmp_path: Path) -> None:
    shapes = {"W_enc": [32, 50], "b_enc": [50], "W_dec": [50, 32], "b_dec": [32]}
    spec = EXAMPLE.replace("distance in resid_post[*] @ [last, {cost}] via rotation size learned", "distance at SITE")

    def codes(shapes: dict[str, list[int]], site: str) -> list[str]:
        entries, offset = [], 0
        for name, shape in shapes.items():
            size = 4 * shape[0] * (shape[1] if len(shape) > 1 else 1)
            entries.append(f'"{name}":{{"dtype":"F32","shape":{shape},"data_offsets":[{offset},{offset + size}]}}')
            offset += size
        header = ("{" + ",".join(entries) + "}").encode()
        (tmp_path / "f.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(offset))
        try:
            check_in(tmp_path, spec.replace("SITE", f'{site} via sae("f.safetensors") size 8'))
        except SpecError as error:
            return [d.code for d in error.diagnostics]
        return []

    assert codes(shapes, "resid_post[1] @ last") == []
    assert codes(shapes, "mlp_act[1] @ last") == ["CS530"]
    assert codes(shapes | {"b_dec": [31]}, "resid_post[1] @ last") == ["CS530"]
    assert codes({"W_enc": [32, 4], "b_enc": [4], "W_dec": [4, 32], "b_dec": [32]}, "attn_out[1] @ last") == ["CS530"]
