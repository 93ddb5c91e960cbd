"""What slots, templates, answers and metrics are: against Python's own formatting, and by enumeration."""

from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest
from cspec.lang import Source, read_program
from cspec.lang.checks.expressions.evaluate_expression import evaluate_expression
from cspec.lang.metrics import Arithmetic, Lookup, Reading, parts_of
from cspec.lang.places import EVERY_TOKEN, Position, Region, Site
from cspec.lang.program import Program, Task
from cspec.lang.renderings import Prompt, Vector

TASK = """
type colour = {{red, green}}

task t {{
  input a, b: -3..12
  input x[2]: 0..3
  input c: colour
  output ok: bool
  {rendering}
  {answer}
  {more}
}}
"""
ANSWER = "answer ok: { false: 0, true: 1 }"


def program_of(text: str) -> Program:
    program, diagnostics = read_program(Source(Path("spec.cspec"), text))
    assert program is not None, diagnostics
    return program


def task_of(rendering: str, answer: str = ANSWER, more: str = "") -> Task:
    return program_of(TASK.format(rendering=rendering, answer=answer, more=more)).tasks["t"]


def render(task: Task, template: int, values: dict[str, int]) -> str:
    assert isinstance(task.rendering, Prompt)
    parts = task.rendering.templates[template].parts
    return "".join(p if isinstance(p, str) else p.render(evaluate_expression(p.expression, values)) for p in parts)


def test_slots_are_filled_as_python_would() -> None:
    task = task_of('prompt "{a}|{a:04}|{b:5}|{a * b - 1}|{x[0] + x[1]:2}|{c}|{{{a < b}}}"')
    for a, b, first, second, colour in product((-3, 0, 12), (-1, 7), (0, 3), (1, 2), (0, 1)):
        found = render(task, 0, {"a": a, "b": b, "x[0]": first, "x[1]": second, "c": colour})
        name, truth = ("red", "green")[colour], str(a < b).lower()
        assert found == f"{a}|{a:04}|{b:5}|{a * b - 1}|{first + second:2}|{name}|{{{truth}}}"


def test_escapes_and_plain_braces() -> None:
    task = task_of(r'prompt "a\n\t\"q\" \\ {{x}} {a}"')
    assert render(task, 0, {"a": 3}) == 'a\n\t"q" \\ {x} 3'


def test_a_slot_is_called_like_its_input_or_as_it_says() -> None:
    task = task_of('prompt "{a} {b + 1 as next} {a + 0} {x[1]} {c} {c}" | "{x[1]}, {b + 1 as next}; {a}"')
    assert isinstance(task.rendering, Prompt)
    assert [slot.name for slot in task.rendering.templates[0].slots] == ["a", "next", None, "x[1]", None, None]
    assert task.rendering.slot_names == ("a", "next", "x[1]")


def test_a_loop_variable_in_a_text_is_its_value() -> None:
    tables = "for i in 0..1 { table judge[i]: bool -> 0..1 = { false: 0, true: 1 } }"
    more = 'for i in 0..1 { metric sure[i]: 0..1 = prob(" {i}{x[i]}") - judge[i][answer] }'
    text = TASK.format(rendering='prompt "{a}"', answer=ANSWER, more=more)
    task = program_of(text + tables).tasks["t"]
    assert list(task.metrics) == ["sure[0]", "sure[1]"]
    (reading,) = [p for p in parts_of(task.metrics["sure[1]"].expression) if isinstance(p, Reading)]
    assert not isinstance(reading.text, Lookup)
    assert reading.text.parts[0] == " 1"
    assert task.metrics["sure[1]"].tables == ("judge[1]",)
    assert task.metrics["sure[1]"].reads_answer


def test_vector_feeds_inputs_in_order() -> None:
    assert task_of("vector [b, x]").rendering == Vector(("b", "x[0]", "x[1]"))


@pytest.mark.parametrize(
    ("answer", "texts"),
    [
        ('answer ok: { true: " yes" | " Yes", false: " no" }', ((" no",), (" yes", " Yes"))),
        ('answer ok: " {ok}"', ((" false",), (" true",))),
        ('answer ok: " {ok}" | "{ok}!"', ((" false", "false!"), (" true", "true!"))),
    ],
)
def test_texts_stand_in_the_order_of_values(answer: str, texts: tuple[tuple[str, ...], ...]) -> None:
    (found,) = task_of('prompt "{a}"', answer).answers
    assert (found.texts, found.classes, found.among) == (texts, (), False)


def test_every_value_of_a_range_is_rendered() -> None:
    text = 'task t { input a: 0..9 output y: -2..3 prompt "{a}" answer y: " {y + 1:03}" among answers }'
    (found,) = program_of(text).tasks["t"].answers
    assert found.texts == tuple((f" {value + 1:03}",) for value in range(-2, 4))
    assert found.among


def test_several_outputs_are_read_at_slots() -> None:
    text = (
        'task t { input a[2]: 0..3 output y[2]: 0..3 prompt "{a[0]} {a[1]} ." answer y @ [{a[0]}.first, last]: index }'
    )
    answers = program_of(text).tasks["t"].answers
    assert [answer.position for answer in answers] == [Position(slot="a[0]", part="first"), Position(index=-1)]


def test_a_generated_answer_has_no_output() -> None:
    task = program_of('task t { input a: 0..3 prompt "{a}" answer text(7) metric m: 0..1 = prob("x") }').tasks["t"]
    assert task.output is None
    assert task.generated is not None
    assert task.generated.limit == 7


def test_a_metric_keeps_its_bounds_exactly() -> None:
    metric = task_of('prompt "{a}"', more='metric m: -0.1..2 = 0.3 * (logit("u") - -logprob("v {a}"))').metrics["m"]
    assert (metric.low, metric.high) == (Fraction(-1, 10), Fraction(2))
    assert isinstance(metric.expression, Arithmetic)
    readings = [part.function for part in parts_of(metric.expression) if isinstance(part, Reading)]
    assert readings == ["logit", "logprob"]


# --- sites -----------------------------------------------------------------------------------------------------------

ALIGNED = (
    TASK.format(rendering='prompt "{a} {b} {c}"', answer=ANSWER, more="")
    + """
model m for t {{
  less: bool = a < b
  red_one: bool = c == red
  ok = less and red_one
}}
network lm = transformers("org/name", revision: "main", dtype: bfloat16, device: "cuda:1")
align das: m -> lm {{
  {line}
}}
""".replace("{{", "{").replace("}}", "}")
)


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("at head_out[2, 7][0..3] @ last", Site("head_out", 2, (0, 1, 2, 3), (Position(index=-1),), head=7)),
        ("at embed @ {a}.all", Site("embed", None, None, (Position(slot="a", part="all"),))),
        ('at module("h.0.mlp") @ -2', Site("module", None, None, (Position(index=-2),), module="h.0.mlp")),
        ("at resid_mid[1 + 2] @ all", Site("resid_mid", 3, None, (EVERY_TOKEN,))),
        (
            "at [q[0, 1] @ {b}, mlp_act[1] @ last]",
            Site(
                "q", 0, None, (Position(slot="b"),), head=1, joined=(Site("mlp_act", 1, None, (Position(index=-1),)),)
            ),
        ),
        ("in v[*, 0..2] @ *", Region("v", None, None, None, (0, 1, 2))),
        (
            "in [attn_out[0..1] @ [{a}, last], k[2, *] @ last]",
            Region(
                "attn_out",
                (0, 1),
                None,
                (Position(slot="a"), Position(index=-1)),
                others=(Region("k", (2,), None, (Position(index=-1),), None),),
            ),
        ),
    ],
)
def test_places_are_typed_and_print_as_they_are_written(written: str, place: Site | Region) -> None:
    program = program_of(ALIGNED.replace("{line}", f"less {written}"))
    (placement,) = program.alignments["das"].placements
    assert placement.place == place
    shown = place.text.replace("1 + 2", "3")
    assert written.partition(" ")[2].replace("1 + 2", "3") == shown


def test_a_loop_gives_each_layer_a_place() -> None:
    line = "for i in 1..1 { less in resid_post[i..i + 2] @ last }"
    (placement,) = program_of(ALIGNED.replace("{line}", line)).alignments["das"].placements
    assert placement.place == Region("resid_post", (1, 2, 3), None, (Position(index=-1),))


def test_a_network_says_what_loads_it_and_how() -> None:
    network = program_of(ALIGNED.replace("{line}", "less at logits @ last")).networks["lm"]
    assert (network.loader, network.path, network.revision) == ("transformers", "org/name", "main")
    assert (network.dtype, network.device) == ("bfloat16", "cuda:1")


STAGES = ("resid_pre", "q", "head_out", "attn_out", "resid_mid", "mlp_act", "mlp_out", "resid_post")


@pytest.mark.parametrize("later", range(len(STAGES)))
@pytest.mark.parametrize("earlier", range(len(STAGES)))
def test_a_child_lies_later_in_the_order_of_computation(earlier: int, later: int) -> None:
    def site(stage: int, layer: int) -> str:
        return f"{STAGES[stage]}[{layer}, 0]" if STAGES[stage] in ("q", "head_out") else f"{STAGES[stage]}[{layer}]"

    for layer in (1, 2):
        first, second = f"{site(earlier, 1)} @ {{a}}", f"{site(later, layer)} @ last"
        line = f"less at {first} via rotation size 1\n  ok at {second} via rotation size 1"
        program, diagnostics = read_program(Source(Path("spec.cspec"), ALIGNED.replace("{line}", line)))
        # the stream after layer 1 is the stream before layer 2: one moment
        is_later = (layer, later) > (1, earlier) and not (layer == 2 and later == 0 and STAGES[earlier] == "resid_post")
        assert (program is not None) == is_later, (line, diagnostics)


def test_a_very_large_output_is_not_rendered() -> None:
    text = 'task t { input a: 0..9 output y: 0..100000 prompt "{a}" answer y: " {y}" }'
    (error,) = read_program(Source(Path("spec.cspec"), text))[1]
    assert error.code == "CS115"
    assert text[error.label.span.start : error.label.span.end] == '" {y}"'
