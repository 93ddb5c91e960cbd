"""What families, loops and several outputs mean: the typed programs of right files."""

from pathlib import Path

import pytest
from cspec.lang import Program, Source, read_program
from cspec.lang.domains import integers, product
from cspec.lang.expressions import Apply, Constant, Variable
from cspec.lang.places import Position

TASK = """
type Symbol = {a, b, c}
type Place = 0..2

task turn {
  input  x[3], y: Symbol
  input  n: 0..2
  output out[3]: Symbol
  tokens [y, x]
  answer out @ {x}: { a: 0, b: 1, c: 2 }
}
"""
RIGHT = "  for i in Place { out[i] = x[2 - i] }"


def program_of(text: str) -> Program:
    program, diagnostics = read_program(Source(Path("spec.cspec"), text))
    assert program is not None, diagnostics
    return program


def model_of(body: str, task: str = TASK) -> Program:
    return program_of(task + "\nmodel m for turn {\n" + body + "\n}\n")


def equation(program: Program, name: str) -> str:
    """A variable's equation as text, names and operators only."""
    return text_of(next(m.expression for m in program.models["m"].mechanisms if m.name == name))


def text_of(expression: Constant | Variable | Apply) -> str:
    match expression:
        case Constant(value=value):
            return str(value)
        case Variable(name=name, role=role):
            return name if role is None else f"{role}.{name}"
        case Apply(operator=operator, arguments=arguments):
            return f"({operator} {' '.join(map(text_of, arguments))})"


def computes(expression: str) -> str:
    """What `v = EXPRESSION` becomes in a model of the task."""
    return equation(model_of(f"  v = {expression}\n{RIGHT}"), "v")


def test_a_family_of_inputs_is_its_members_in_order() -> None:
    task = model_of(RIGHT).tasks["turn"]
    assert [declared.name for declared in task.inputs] == ["x[0]", "x[1]", "x[2]", "y", "n"]
    assert task.tokens == ("y", "x[0]", "x[1]", "x[2]")


def test_single_members_are_fed_in_any_order() -> None:
    program = model_of(RIGHT, TASK.replace("tokens [y, x]", "tokens [x[2], y, x[0], x[1]]"))
    assert program.tasks["turn"].tokens == ("x[2]", "y", "x[0]", "x[1]")


def test_outputs_are_one_tuple_with_an_answer_each() -> None:
    task = model_of(RIGHT).tasks["turn"]
    symbol = task.inputs[0].domain
    assert task.output is not None
    assert (task.output.name, task.output.domain) == ("out", product((symbol, symbol, symbol)))
    assert task.output.domain.show(5) == "(c, b, a)"
    assert [(answer.output, answer.position) for answer in task.answers] == [
        (f"out[{i}]", Position(slot=f"x[{i}]")) for i in range(3)
    ]


@pytest.mark.parametrize(
    "answer",
    [
        "answer out @ [{x}]: { a: 0, b: 1, c: 2 }",
        "answer out @ [{x[0]}, {x[1]}, {x[2]}]: { a: 0, b: 1, c: 2 }",
        "for i in Place { answer out[i] @ {x[i]}: { a: 0, b: 1, c: 2 } }",
        "for i in 0..1 { for j in 0..1 - i { answer out[i + 2 * j] @ {x[i + 2 * j]}: { a: 0, b: 1, c: 2 } } }",
    ],
)
def test_answers_say_the_same_in_many_ways(answer: str) -> None:
    task = TASK.replace("answer out @ {x}: { a: 0, b: 1, c: 2 }", answer)
    assert model_of(RIGHT, task).tasks["turn"].answers == model_of(RIGHT).tasks["turn"].answers


def test_positions_are_indices_and_the_last_too() -> None:
    task = TASK.replace("@ {x}", "@ [0, last, -2]")
    answers = model_of(RIGHT, task).tasks["turn"].answers
    assert [answer.position for answer in answers] == [Position(index=0), Position(index=-1), Position(index=-2)]


def test_plain_outputs_are_a_tuple_by_their_names() -> None:
    program = program_of(
        """
task both {
  input a, b: 2..4
  output low, high: 2..4
  tokens [a, b]
  answer low @ {a}: index
  answer high @ {b}: index
}
model m for both { high = max(a, b)  low = min(a, b) }
"""
    )
    task, model = program.tasks["both"], program.models["m"]
    assert task.output is not None
    assert (task.output.name, task.output.domain.size) == ("(low, high)", 9)
    assert [mechanism.name for mechanism in model.mechanisms] == ["high", "low", "(low, high)"]
    assert equation(program, "(low, high)") == "(+ (- low 2) (* (- high 2) 3))"
    assert model.families == {}


def test_one_output_stays_itself() -> None:
    text = TASK.replace("out[3]", "out").replace("@ {x}", "@ {x[2]}")
    program = model_of("  out = x[0]", text)
    task = program.tasks["turn"]
    assert task.output is not None
    assert task.output.domain == task.inputs[0].domain
    assert [mechanism.name for mechanism in program.models["m"].mechanisms] == ["out"]


# --- loops and comprehensions


@pytest.mark.parametrize(
    ("expression", "meaning"),
    [
        ("x[1] == y", "(== x[1] y)"),
        ("x[2 * 3 - 5] == y", "(== x[1] y)"),
        ("count(x[i] == y for i in Place)", "(+ (+ (== x[0] y) (== x[1] y)) (== x[2] y))"),
        ("sum(i * n for i in 1..2)", "(+ (* 1 n) (* 2 n))"),
        ("sum(n for i in 0..1 where x[i] == y)", "(+ (if (== x[0] y) n 0) (if (== x[1] y) n 0))"),
        ("any(x[i] == y for i in 0..1)", "(or (== x[0] y) (== x[1] y))"),
        ("any(x[i] == y for i in 0..1 where n > i)", "(or (and (> n 0) (== x[0] y)) (and (> n 1) (== x[1] y)))"),
        ("all(x[i] == y for i in 1..1 where n > i)", "(or (not (> n 1)) (== x[1] y))"),
        ("all(x[i] != x[j] for i in Place for j in Place where i < j)",
         "(and (and (!= x[0] x[1]) (!= x[0] x[2])) (!= x[1] x[2]))"),
        ("all(x[i] != x[j] for i in 1..2 for j in 0..i - 1)",
         "(and (and (!= x[1] x[0]) (!= x[2] x[0])) (!= x[2] x[1]))"),
        ("max(n + i for i in 0..2)", "(max (+ n 0) (+ n 1) (+ n 2))"),
        ("min(n - i for i in 0..2 where i != 1)", "(min (- n 0) (- n 2))"),
        ("sum(n for i in Place where i > 5)", "0"),
        ("all(x[i] == x[i - 1] for i in Place where i > 0)", "(and (== x[1] x[0]) (== x[2] x[1]))"),
        ("count(i > 0 and x[i] == x[i - 1] for i in 0..1)", "(+ 0 (== x[1] x[0]))"),
        ("count(i == 0 or x[i] == x[i - 1] for i in 0..1)", "(+ 1 (== x[1] x[0]))"),
        ("x[n] == y", "(== (if (<= n 0) x[0] (if (<= n 1) x[1] x[2])) y)"),
        ("x[min(n, 1)] == y", "(== (if (<= (min n 1) 0) x[0] x[1]) y)"),
    ],
)  # fmt: skip
def test_loops_are_written_out(expression: str, meaning: str) -> None:
    assert computes(expression) == meaning


def test_a_static_branch_rules_an_index_out() -> None:
    program = model_of(f"  for i in Place {{ s[i] = if i == 0 then y else x[i - 1] }}\n{RIGHT}")
    assert [equation(program, "s")[:20], program.models["m"].families["s"]] == [
        "(+ (+ y (* x[0] 3)) ",
        ("s[0]", "s[1]", "s[2]"),
    ]


def test_long_sums_are_no_deep_trees() -> None:
    program = model_of(f"  v = sum(n for i in 0..4_999)\n{RIGHT}")
    depth, level = 0, [program.models["m"].mechanisms[0].expression]
    while level:
        depth, level = depth + 1, [a for e in level if isinstance(e, Apply) for a in e.arguments]
    assert depth < 100
    assert program.models["m"].mechanisms[0].domain == integers(0, 10_000)


# --- families as variables


def test_a_family_is_one_variable_that_its_members_read() -> None:
    program = model_of("  for i in Place { s[i]: 1..3 = n + 1 - i % 1 }\n" + RIGHT)
    model = program.models["m"]
    assert [mechanism.name for mechanism in model.mechanisms][:4] == ["s", "s[0]", "s[1]", "s[2]"]
    assert model.mechanisms[0].domain == product((integers(1, 3),) * 3)
    assert [equation(program, f"s[{i}]") for i in range(3)] == [
        "(+ (% s 3) 1)",
        "(+ (% (// s 3) 3) 1)",
        "(+ (// s 9) 1)",
    ]


def test_members_that_read_each_other_stay_apart() -> None:
    program = model_of("  for i in Place { s[i]: 0..6 = n + (if i == 0 then 0 else s[i - 1]) }\n" + RIGHT)
    assert [mechanism.name for mechanism in program.models["m"].mechanisms][:3] == ["s[0]", "s[1]", "s[2]"]
    assert set(program.models["m"].families) == {"out"}


def test_members_that_read_each_other_through_others_stay_apart() -> None:
    program = model_of("  s[0] = n\n  t = s[0] + 1\n  s[1] = t\n" + RIGHT)
    assert set(program.models["m"].families) == {"out"}


def test_of_two_families_that_read_each_other_the_first_is_one_variable() -> None:
    program = model_of("  s[0] = n  t[0] = s[1]\n  t[1] = s[0]  s[1] = 2 - n\n" + RIGHT)
    assert set(program.models["m"].families) == {"s", "t", "out"}
    program = model_of("  s[0] = n  t[0] = n\n  s[1] = t[0]  t[1] = s[0]\n" + RIGHT)
    assert set(program.models["m"].families) == {"s", "out"}


def test_every_equation_follows_what_it_reads() -> None:
    body = "  for i in Place { out[i] = if last[i] > 0 then x[2 - i] else y\n last[i] = s[2 - i]\n s[i] = n * i }"
    mechanisms = model_of(body).models["m"].mechanisms
    position = {mechanism.name: index for index, mechanism in enumerate(mechanisms)}
    for mechanism in mechanisms:
        pending = [mechanism.expression]
        while pending:
            expression = pending.pop()
            if isinstance(expression, Apply):
                pending += expression.arguments
            elif isinstance(expression, Variable) and expression.name in position:
                assert position[expression.name] < position[mechanism.name]


def test_a_family_that_is_too_large_stays_apart() -> None:
    program = model_of(f"  for i in 0..61 {{ s[i] = n == i }}\n  for i in 0..62 {{ t[i] = n == i }}\n{RIGHT}")
    assert set(program.models["m"].families) == {"s", "out"}


# --- recipes and warnings


def test_recipes_speak_of_members() -> None:
    where = "base.x[0] == source.x[0] and base.s[1] != n"
    recipe = f"\npairs p for turn {{\n  holdout x in {{c}}\n  holdout y\n  where {where}\n}}\n"
    program = program_of(TASK + "\nmodel m for turn {\n  for i in 0..1 { s[i] = i }\n" + RIGHT + "\n}\n" + recipe)
    pairs = program.pairs["p"]
    assert [holdout.inputs for holdout in pairs.holdouts] == [("x[0]", "x[1]", "x[2]"), ("y",)]
    assert text_of(pairs.where[0]) == "(and (== base.x[0] source.x[0]) (!= base.s[1] n))"


def test_what_is_unused_is_said_once_for_a_family() -> None:
    text = TASK.replace("[y, x]", "[y, x[0]]").replace("@ {x}", "@ [0, 1, 2]")
    body = "  for i in Place { spare[i] = n + i }\n  for i in Place { half[i] = n + i }\n"
    body += "  for i in Place { out[i] = if half[2] == 3 then x[0] else x[i] }"
    _, found = read_program(Source(Path("spec.cspec"), f"{text}\nmodel m for turn {{\n{body}\n}}\n"))
    assert [(d.code, d.message.split(":")[0]) for d in found] == [
        ("CS137", "inputs `x[1]` and `x[2]` are not among the `tokens`"),
        ("CS137", "input `n` is not among the `tokens`"),
        ("CS204", "variable `spare` is never used"),
        ("CS204", "variables `half[0]` and `half[1]` are never used"),
    ]
