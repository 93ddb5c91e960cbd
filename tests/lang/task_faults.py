"""Faults in prompts, answers, metrics, networks and sites: one each, changed in a file that is right."""

# ruff: noqa: E501

from .faults import Fault

TASK_BASE = """
type colour = {red, green, blue}

task price {
  input lo, hi: 0..9
  input shade: colour
  output ok: bool
  prompt "from {lo} to {hi:02} in {shade}, {lo + 1 as next}"
  answer ok: { false: " no", true: " yes" | " Yes" }
  metric sure: 0..1 = prob(" yes")
}

model sized for price {
  wide: bool = hi - lo > 3
  low: bool = lo < 2
  ok = wide and low
}

network lm = transformers("./lm", revision: "main", dtype: bfloat16)

align das: sized -> lm {
  wide at resid_post[1] @ [last, {hi}] via rotation size 4
}

claim represents: iia(das) >= 0.9
"""

PROMPT = 'prompt "from {lo} to {hi:02} in {shade}, {lo + 1 as next}"'
ANSWER = 'answer ok: { false: " no", true: " yes" | " Yes" }'
METRIC = 'metric sure: 0..1 = prob(" yes")'
OUTPUT = "  output ok: bool\n"
SITE = "resid_post[1] @ [last, {hi}]"
NETWORK = 'transformers("./lm", revision: "main", dtype: bfloat16)'


def _fault(name: str, old: str, new: str, code: str, under: str, help: str) -> Fault:
    return Fault(name, old, new, code, under, help, TASK_BASE)


def _table_fault(name: str, read: str, code: str, under: str, help: str) -> Fault:
    base = TASK_BASE + "table judge: bool -> 0..1 = { false: 0, true: 1 }\ntable few: 0..1 -> 0..1 = { 0: 0, 1: 1 }\n"
    base += "table paint: bool -> colour = { false: red, true: blue }\n"
    return Fault(name, 'prob(" yes")', read, code, under, help, base)


# fmt: off
TASK_FAULTS = [
    # --- texts
    _fault("slot_unreadable", "{lo}", "{lo +}", "CS180", "{lo +}", "a slot is"),
    _fault("slot_empty", "{lo}", "{}", "CS180", "{}", "a slot is"),
    _fault("slot_never_closed", "{lo}", "{lo", "CS181", "{", "written twice"),
    _fault("slot_open_at_the_end", "{lo + 1 as next}", "{lo + 1", "CS181", "{", "written twice"),
    _fault("brace_closes_nothing", "{lo}", "lo}", "CS181", "}", "written twice"),
    _fault("slot_unknown_name", "{lo}", "{low}", "CS101", "low", "did you mean `lo`?"),
    _fault("slot_of_the_output", "{lo}", "{ok}", "CS101", "ok", "read inputs only"),
    _fault("slot_too_wide", "{hi:02}", "{hi:0200}", "CS183", "0200", "three characters"),
    _fault("slot_zeros_for_a_symbol", "{shade}", "{shade:08}", "CS183", "08", "with spaces"),
    _fault("slot_name_twice", "{lo}", "{lo as next}", "CS192", "next", "of its own"),
    _fault("slot_name_of_an_input", "{lo}", "{lo as hi}", "CS192", "hi", "of its own"),
    _fault("prompt_empty", PROMPT, 'prompt ""', "CS187", '""', "what the network reads"),
    _fault("prompt_twice", PROMPT, PROMPT + "\n  " + PROMPT, "CS011", PROMPT, "of several templates"),
    _fault("template_twice", PROMPT, 'prompt "{lo}" | "{lo}"', "CS011", '"{lo}"', "remove one"),
    _fault("prompt_and_tokens", PROMPT, PROMPT + "\n  tokens [lo, hi]", "CS185", "tokens [lo, hi]", "second task"),
    _fault("vector_of_symbols", PROMPT, "vector [lo, shade]", "CS184", "vector [lo, shade]", "tokens"),
    # --- answers
    _fault("answers_of_two_kinds", '" no"', "0", "CS186", "0", "classes for all"),
    _fault("answer_text_shared", '" no"', '" Yes"', "CS134", '" Yes"', "a text of its own"),
    _fault("answer_text_empty", '" no"', '""', "CS187", '""', "what is said"),
    _fault("answer_text_with_a_slot", '" no"', '" {lo}"', "CS187", '" {lo}"', "every value by one text"),
    _fault("answer_text_twice", '" Yes"', '" yes"', "CS133", '" yes"', "once"),
    _fault("answer_renders_alike", ANSWER, 'answer ok: " said"', "CS134", '" said"', "a text of its own"),
    _fault("answer_at_several_tokens", "answer ok:", "answer ok @ {hi}.all:", "CS139", "@ {hi}.all", "@ last"),
    _fault("among_nothing", ANSWER, ANSWER + " among tokens", "CS101", "tokens", "among answers"),
    _fault("generated_beside_an_output", METRIC, "answer text(20)", "CS188", "answer text(20)", "remove the output"),
    _fault("generated_nothing", OUTPUT + "  " + PROMPT + "\n  " + ANSWER, "  " + PROMPT + "\n  answer text(0)", "CS188", "0", "at most"),
    _fault("generated_word", OUTPUT + "  " + PROMPT + "\n  " + ANSWER, "  " + PROMPT + "\n  answer txt(9)", "CS101", "txt", "generated tokens"),
    _fault("model_of_a_generated_answer", OUTPUT + "  " + PROMPT + "\n  " + ANSWER, "  " + PROMPT + "\n  answer text(9)", "CS189", "price", "mean(METRIC"),
    # --- metrics
    _fault("metric_bounds", "0..1", "1..1", "CS190", "1..1", "clipped"),
    _fault("metric_of_nothing", 'prob(" yes")', "0.5 + 1", "CS191", "0.5 + 1", "judge[answer]"),
    _fault("metric_unknown_reading", "prob(", "prop(", "CS101", "prop", "did you mean `prob`?"),
    _fault("metric_of_an_unknown_table", 'prob(" yes")', "judge[answer]", "CS101", "judge", "no tables"),
    _table_fault("metric_key_of_another_type", "judge[hi]", "CS161", "hi", "give a value of `bool`"),
    _table_fault("metric_answer_of_another_type", "few[answer]", "CS161", "answer", "give a value of `0..1`"),
    _table_fault("metric_key_outside", "few[hi]", "CS161", "hi", "widen the type"),
    _table_fault("metric_with_two_keys", "judge[lo, answer]", "CS160", "judge[lo, answer]", "one expression for each key"),
    _table_fault("metric_of_symbols", "paint[answer]", "CS193", "paint[answer]", "a number in every row"),
    _table_fault("metric_text_by_the_answer", "logprob(paint[answer])", "CS193", "paint[answer]", "read it by inputs"),
    _table_fault("metric_table_by_a_generated_text", 'prob(" yes")\n}\ntask reply {\n  input lo: 0..9\n  prompt "{lo}"\n  answer text(9)\n  metric m: 0..1 = judge[answer]', "CS193", "answer", "a table of texts"),
    _fault("metric_of_a_sum_of_readings", 'prob(" yes")', 'sum(prob("{i}") for i in 0..9)', "CS001", "prob", "`table[x, answer]`"),
    _fault("metric_bare_name", 'prob(" yes")', "judge", "CS101", "judge", "judge[answer]"),
    _fault("metric_twice", METRIC, METRIC + "\n  " + METRIC, "CS102", "sure", "rename or remove"),
    _fault("metric_called_correct", "sure", "correct", "CS102", "correct", "another name"),
    _fault("metric_called_as_an_input", "sure", "lo", "CS102", "lo", "another name"),
    _fault("metric_of_an_empty_text", '" yes")', '"")', "CS187", '""', "asked about"),
    _fault("metric_and_family", METRIC, METRIC + '\n  metric sure[0]: 0..1 = prob(" a")', "CS206", "sure", "rename"),
    # --- networks
    _fault("network_unknown_kind", "transformers(", "transformer(", "CS101", "transformer", "did you mean `transformers`?"),
    _fault("network_unknown_argument", "revision:", "revison:", "CS121", "revison", "did you mean `revision`?"),
    _fault("network_dtype", "bfloat16", "float8", "CS121", "float8", "float32"),
    _fault("network_revision_is_no_text", '"main"', "main", "CS121", "main", 'revision: "main"'),
    _fault("network_argument_twice", "dtype: bfloat16", "dtype: bfloat16, dtype: float32", "CS011", "dtype: float32", "remove one"),
    # --- sites
    _fault("head_missing", SITE, "q[1] @ last", "CS306", "[1]", "[LAYER, HEAD]"),
    _fault("head_and_layer_missing", SITE, "q @ last", "CS306", "q", "q[1, 0]"),
    _fault("heads_are_alternatives", SITE, "q[1, 0..3] @ last", "CS312", "0..3", "search them"),
    _fault("module_without_a_path", SITE, "module[1] @ last", "CS306", "module", 'module("model.'),
    _fault("path_of_no_module", SITE, 'resid_post("a.b")[1] @ last', "CS306", '"a.b"', "resid_post[1]"),
    _fault("site_twice_in_a_list", SITE, "[embed @ last, embed @ last]", "CS306", "embed @ last", "each site once"),
    _fault("region_twice_in_a_list", "at " + SITE, "in [q[0, *] @ last, q[0, *] @ last]", "CS306", "q[0, *] @ last", "each alternative once"),
    _fault("slot_part_unknown", "{hi}]", "{hi}.frist]", "CS315", "frist", "{x}.first"),
    _fault("slot_position_unknown", "{hi}]", "{hii}]", "CS182", "hii", "did you mean `hi`?"),
    _fault("slot_position_of_another_template", PROMPT, 'prompt "{lo} {hi} {shade}" | "{lo} {shade} {hi + 0}"', "CS182", "hi", "as hi"),
    _fault("index_reads_a_variable", "resid_post[1]", "resid_post[lo]", "CS141", "lo", "loops"),
    _fault("one_stream_by_two_names", "  wide at " + SITE + " via rotation size 4", "  wide at resid_post[1] @ last\n  low at resid_pre[2] @ last", "CS302", "resid_pre[2] @ last", "disjoint dims"),
    _fault("output_of_the_heads", "  wide at " + SITE + " via rotation size 4", "  wide at head_out[1, 0] @ last\n  low at attn_out[1] @ last", "CS334", "attn_out[1] @ last", "other layers"),
    _fault("child_before_its_parent", "  wide at " + SITE + " via rotation size 4", "  wide at mlp_out[1] @ last\n  ok at attn_out[1] @ {hi}", "CS305", "ok", "later layer"),
    _fault("sae_without_a_path", "via rotation size 4", "via sae size 4", "CS307", "sae", 'sae("'),
]

TASK_WARNINGS = [
    _fault("unseen_in_a_template", PROMPT, 'prompt "{lo}, {hi}, {shade}" | "{hi} of {lo}"', "CS137", "shade", "{shade}"),
    _fault("unseen_in_a_vector", PROMPT, "vector [lo, hi]", "CS137", "shade", "vector"),
]
# fmt: on
