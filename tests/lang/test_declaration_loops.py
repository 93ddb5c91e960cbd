"""Loops around declarations: each run declares what a user would have written by hand."""

from pathlib import Path

from cspec.lang import Diagnostic, Program, Source, read_program

from .faults import BASE


def read(text: str) -> tuple[Program | None, tuple[Diagnostic, ...]]:
    return read_program(Source(Path("spec.cspec"), text))


def underlined(text: str, diagnostic: Diagnostic) -> str:
    return text[diagnostic.label.span.start : diagnostic.label.span.end]


def program(text: str) -> Program:
    found, diagnostics = read(text)
    assert found is not None, diagnostics
    return found


def test_a_loop_declares_what_stands_in_it_once_for_each_value() -> None:
    loop = (
        BASE
        + """
for layer in 1..3 {
  align at[layer]: both -> mlp { left, right at hidden[layer][layer - 1..7] via rotation size layer }
  claim holds[layer]: iia(at[layer]) >= 0.5
}
"""
    )
    by_hand = BASE + "".join(
        f"align at_{i}: both -> mlp {{ left, right at hidden[{i}][{i - 1}..7] via rotation size {i} }}\n"
        f"claim holds_{i}: iia(at_{i}) >= 0.5\n"
        for i in (1, 2, 3)
    )
    looped, written = program(loop), program(by_hand)
    for i in (1, 2, 3):
        assert looped.alignments[f"at[{i}]"].placements == written.alignments[f"at_{i}"].placements
        (term,) = looped.claims[f"holds[{i}]"].parts[0].left.terms
        assert term.estimand.alignment == f"at[{i}]"  # type: ignore[union-attr]
    assert len(looped.alignments) == len(written.alignments) == 4


def test_loops_nest_and_run_through_symbols_and_truth_values() -> None:
    text = (
        "type place = {here, there}\n"
        + BASE
        + """
for w1 in place {
  network net[w1] = torch("{w1}/net-{other}.safetensors")
  for deep in bool {
    model m[deep] for equality {
      same = if deep then w == x else y == z
    }
  }
}
"""
    )
    found, diagnostics = read(text)
    assert found is None
    assert {d.code for d in diagnostics} == {"CS102"}, "the inner loop's models have no index of the outer loop"
    once = program(text.replace("  for deep", "}\nfor deep").replace("  }\n}\n", "}\n"))
    assert [n.path for n in once.networks.values()][1:] == [
        "here/net-{other}.safetensors",
        "there/net-{other}.safetensors",
    ]
    assert {"m[false]", "m[true]"} <= set(once.models)
    assert once.models["m[true]"].mechanisms != once.models["m[false]"].mechanisms


def test_conditions_on_symbols_are_decided_beforehand() -> None:
    text = (
        "type part = {first, second}\n"
        + BASE
        + """
for p in part {
  model m[p] for equality {
    same = if p == first then w == x else if p in {second} then y == z else w == missing
  }
}
"""
    )
    models = program(text).models
    assert str(models["m[first]"].mechanisms[0].expression).count("name='w'") == 1
    assert str(models["m[second]"].mechanisms[0].expression).count("name='y'") == 1


def test_a_fault_in_a_loop_is_reported_once_and_names_the_run() -> None:
    text = (
        BASE
        + """
for i in 1..3 {
  align at[i]: both -> mlp { left at hidden[1][0..i - 2] via identity }
}
"""
    )
    (error,) = [d for d in read(text)[1] if d.severity == "error"]
    assert underlined(text, error) == "0..i - 2"
    assert error.notes[-1] == "for `i = 1`"


def test_what_one_run_of_a_loop_does_wrong_does_not_spoil_references_to_the_others() -> None:
    text = (
        BASE
        + """
for i in 1..3 {
  align at[i]: both -> mlp { left at hiden[1] via identity }
  claim c[i]: iia(at[i]) >= 0.5
}
"""
    )
    (error,) = [d for d in read(text)[1] if d.severity == "error"]
    assert underlined(text, error) == "hiden"


def test_faults_within_a_loop_are_all_reported() -> None:
    text = (
        BASE
        + """
for i in 1..3 {
  align at[i]: both -> mlp { left at at at hidden[1] via identity }
  claim c[i]: iia(at[i]) >= 0.5
  pairs p[i] for equality { sise 500 }
}
claim d: iia(at[1]) >= 0.5
"""
    )
    assert [underlined(text, d) for d in read(text)[1]] == ["hidden", "sise"]


def test_docs_belong_to_each_run() -> None:
    text = BASE + '\nfor i in 1..2 {\n  """Why."""\n  claim c[i]: iia(das) >= 0.5\n}\n'
    assert {program(text).claims[f"c[{i}]"].doc for i in (1, 2)} == {"Why."}
