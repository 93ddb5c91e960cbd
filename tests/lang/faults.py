"""One fault each: what is changed in the base file, and the diagnostic that must come of it."""

# ruff: noqa: E501

from typing import NamedTuple

BASE = '''"""Are both equalities decided first?"""

task equality {
  input w, x, y, z: 0..7
  output same: bool
  tokens [w, x, y, z]
  answer same: { false: 0, true: 1 }
}

model both for equality {
  left: bool = w == x
  right = y == z
  same = left == right
}

network mlp = torch("net.safetensors")

align das: both -> mlp {
  left, right at hidden[1] via rotation size 4
}

claim represents: iia(das) >= 0.9
'''


class Fault(NamedTuple):
    """`old` is replaced by `new` (an empty `old` appends); `under` is the underlined text, `help` a part of the help."""

    name: str
    old: str
    new: str
    code: str
    under: str
    help: str
    base: str = BASE

    @property
    def text(self) -> str:
        assert self.old in self.base, self.old
        return self.base.replace(self.old, self.new, 1) if self.old else self.base + self.new


SAME = "  same = left == right\n"
LEFT = "left: bool = w == x"
DAS = "  left, right at hidden[1] via rotation size 4\n"
CLAIM = "iia(das) >= 0.9"
OUTPUT = "  output same: bool\n"
ANSWER = "answer same: { false: 0, true: 1 }"
TAIL = DAS + "}\n\nclaim represents: iia(das) >= 0.9\n"
TAILED = "%s}\n\nclaim represents: %s\n"
SHOWN = """
model kinds for equality {
  kind: {alike, unlike} = if w == x then alike else unlike
  same = (kind == alike) == (y == z)
}
align shown: kinds -> mlp { kind at hidden[1] via rotation size 2 }
"""
ASIDE = """
model pairs_of for equality {
  pair[0] = w == x
  pair[1] = y == z
  chain[0] = pair[0]
  chain[1] = chain[0] == pair[1]
  same = chain[1]
}

align aside: pairs_of -> mlp {
  %s
}
"""
DIGITS = """
model digits for equality {
  digit = w
  low = digit < 4
  same = low == (digit > 2)
}

align to: digits -> mlp {
  %s
}
"""
INNER = "}\n\nalign inner: both -> mlp {\n  %s\n"
PAIRS = "\npairs main for equality {\n  %s\n}\n"

TO_DAS = (
    '  same = left == right\n}\n\nnetwork mlp = torch("net.safetensors")\n\nalign das: both -> mlp {\n  left, right at'
)
LINKED = (
    TO_DAS,
    TO_DAS.replace("  same = left", "  d[0] = w\n  d[1] = d[0]\n  same = d[1] == d[1] and left", 1).replace(
        "left, right at", "left, d at"
    ),
)

# fmt: off
FAULTS = [
    Fault("endless_loop", LEFT, f"left: bool = any(w == i for i in 0..{10**38})", "CS142", f"0..{10**38}", "shorter"),
    Fault("endless_loop_of_declarations", "", f"\nfor i in 0..{10**38} {{\n  pairs p[i] for equality {{ }}\n}}\n", "CS142", f"0..{10**38}", "shorter"),
    Fault("the_without_where", LEFT, "left: bool = (the i in 0..7) == x", "CS001", ")", "name = expression"),
    Fault("the_of_nothing", LEFT, "left: bool = (the i in 0..7 where i > 7) == x", "CS170", "(the i in 0..7 where i > 7)", "let `where` read"),
    Fault("the_of_a_number", LEFT, "left: bool = (the i in 0..7 where w) == x", "CS106", "w", "compare it"),
    Fault("the_of_a_name_that_is_taken", LEFT, "left: bool = (the w in 0..7 where w == 1) == x", "CS143", "w", "another name"),
    Fault("the_of_an_unknown_type", LEFT, "left: bool = (the i in Digit where i == w) == x", "CS101", "Digit", ""),
    Fault("the_where_a_value_is_needed", CLAIM, CLAIM + "\npairs some for equality { where (the i in 0..7 where i == w) == x }", "CS169", "(the i in 0..7 where i == w)", "let a model's variable"),
    Fault("the_called_where_a_value_is_needed", CLAIM, CLAIM + "\nfn one(a: 0..63) = the i in 0..7 where i == a\npairs some for equality { where one(w) == x }", "CS169", "one(w)", "let a model's variable"),
    # --- syntax
    Fault("unexpected_token", "model both for equality", "model both equality", "CS001", "equality", "model NAME for"),
    Fault("equals_in_expression", LEFT, "left: bool = w = x", "CS001", "=", "equality is written `==`"),
    Fault("missing_expression", LEFT, "left: bool =", "CS001", "=", "name = expression"),
    Fault("unfinished_claim", CLAIM, "iia(das) >=", "CS001", ">=", "a claim reads"),
    Fault("slash", LEFT, "left: bool = w / 2 == x", "CS001", "/", "divide with `//`"),
    Fault("power", LEFT, "left: bool = w ** 2 == x", "CS001", "*", "there is no power"),
    Fault("power_in_a_range", "0..7", "0..10**12", "CS001", "*", "there is no power"),
    Fault("name_in_another_script", LEFT, "left: bool = w == \u0445", "CS101", "\u0445", "did you mean `x`? it has U+0078 (latin small letter x)"),
    Fault("misspelt_line", "tokens [", "token [", "CS001", "token", "did you mean `tokens`?"),
    Fault("misspelt_estimand", CLAIM, "ia(das) >= 0.9", "CS001", "ia", "did you mean `iia`?"),
    Fault("fraction_in_expression", LEFT, "left: bool = w == 0.5", "CS001", "0.5", "only whole numbers"),
    Fault("stray_doc_string", SAME, '  """doc"""\n' + SAME, "CS001", '"""doc"""', "before a declaration"),
    Fault("misspelt_keyword", "model both", "modle both", "CS002", "modle", "did you mean `model`?"),
    Fault("no_declaration", '"""Are', '42\n"""Are', "CS002", "42", "a declaration starts with `import`, `type`"),
    Fault("closing_too_many", "right\n}", "right\n}\n}", "CS006", "}", "remove it"),
    Fault("nested_too_deeply", LEFT, f"left: bool = {'(' * 201}w == x{')' * 201}", "CS007", "(", "name a part"),
    Fault("expression_too_deep", LEFT, f"left: bool = {'not ' * 201}w == x", "CS007", "not " * 200 + "w == x", "name"),
    Fault("bad_number", "0..7", "0..7k", "CS008", "7k", "20_000"),
    Fault("chained_comparison", LEFT, "left: bool = w < x < y", "CS009", "<", "write `w < x and x < y`"),
    Fault("chained_claim", CLAIM, "0.5 <= iia(das) <= 0.9", "CS009", "<=", "0.5 <= iia(das) and iia(das) <= 0.9"),
    Fault("expect_twice", CLAIM, CLAIM + " expect holds expect refuted", "CS011", "expect refuted", "remove one"),
    Fault("tokens_twice", OUTPUT, OUTPUT + "  tokens [w]\n", "CS011", "tokens [w, x, y, z]", "remove one"),
    Fault("invalid_character", LEFT, "left: bool = w == x;", "CS013", ";", "a line break ends a statement"),
    Fault("smart_quotes", '"net.safetensors"', "“net.safetensors”", "CS013", "“", "straight double quotes"),
    Fault("unclosed_text", '"net.safetensors")', '"net.safetensors)', "CS014", '"net.safetensors)', 'close it with `"`'),
    Fault("unclosed_doc_string", "", '\n"""never closed\n', "CS014", '"""', 'close it with `"""`'),
    Fault("unclosed_brace", "right\n}", "right\n", "CS015", "{", "add the missing `}`"),
    Fault("mismatched_bracket", "[w, x, y, z]", "[w, x, y, z)", "CS015", "[", "add the missing `]`"),
    Fault("constant_in_a_reading", "tokens [w, x, y, z]", "tokens [w, x, y, z]\n  metric m: 0..1 = prob(true)", "CS101", "true", 'in quotes: `prob(" yes")`'),
    # --- what Python, other tools and other notations write
    Fault("colon_left_out", CLAIM, CLAIM + "\nclaim again iia(das) >= 0.9", "CS001", "iia", "claim NAME: iia(ALIGNMENT)"),
    Fault("claim_that_is_assigned", CLAIM, CLAIM + "\nclaim again = iia(das) >= 0.9", "CS001", "=", "claim NAME: iia(ALIGNMENT)"),
    Fault("network_without_its_word", "network mlp =", "mlp =", "CS002", "mlp", "network NAME = torch"),
    Fault("arrow_of_a_function", "align das: both ->", "align das: both =>", "CS001", "=>", "write `->`"),
    Fault("arrow_as_comparison", CLAIM, "iia(das) => 0.9", "CS001", "=>", "write `>=`"),
    Fault("percent", CLAIM, "iia(das) >= 90%", "CS001", "%", "numbers from 0 to 1"),
    Fault("decimal_comma", CLAIM, "iia(das) >= 0,9", "CS001", ",", "with a point"),
    Fault("estimand_without_arguments", CLAIM, "iia >= 0.9", "CS001", ">=", "claim reads"),
    Fault("equation_by_comparison", LEFT, "left == w == x", "CS001", "==", "name = expression"),
    Fault("word_operator", LEFT, "left: bool = w mod 2 == x", "CS001", "mod", "`x % y`"),
    Fault("choice_of_python", LEFT, "left: bool = w == x if y == z else x == y", "CS001", "if", "if CONDITION then A else B"),
    Fault("missing_operator", LEFT, "left: bool = w x", "CS001", "x", "join the two by an operator"),
    Fault("constant_of_python", LEFT, "left: bool = True", "CS101", "True", "did you mean `true`?"),
    Fault("function_of_python", LEFT, "left: bool = int(w == x) == 1", "CS101", "int", "if b then 1 else 0"),
    Fault("comment_of_c", SAME, SAME + "  // the output\n", "CS001", "//", "starts with `#`"),
    Fault("comment_of_sql", SAME, SAME + "  -- the output\n", "CS001", "--", "starts with `#`"),
    Fault("domain_of_python", "0..7", "range(8)", "CS158", "range", "a range is written"),
    Fault("type_of_python", "0..7", "int", "CS101", "int", "a domain is a range `0..9`"),
    Fault("domain_with_a_dash", "0..7", "0-7", "CS001", "-", "a range is written"),
    Fault("domain_in_brackets", "0..7", "[0, 7]", "CS001", "[", "a domain is a range `0..9`"),
    Fault("half_open_domain", "0..7", "0..<8", "CS001", "<", "both ends belong to it"),
    Fault("domains_on_one_line", "w, x, y, z: 0..7", "w: 0..7, x, y, z: 0..7", "CS001", ",", "another line `input`"),
    Fault("slice_of_dims", "hidden[1] via", "hidden[1][0:4] via", "CS001", ":", "a range is written"),
    Fault("difference_of_dims", "hidden[1] via", "hidden[1][0-3] via", "CS306", "0-3", "a range is written"),
    Fault("site_by_a_keyword", "hidden[1] via", "layer=1 via", "CS001", "layer=1", "`resid_post[1] @ last`, of an MLP `hidden[1]`"),
    Fault("site_by_a_hook", "hidden[1] via", "blocks.1.attn.hook_z via", "CS001", "blocks.1.attn.hook_z", "`head_out[1, h] @ last`"),
    Fault("site_by_a_modules_path", "hidden[1] via", "model.layers.1.mlp via", "CS001", "model.layers.1.mlp", 'module("model.layers.1.mlp") @ last'),
    Fault("site_by_an_indexed_path", "hidden[1] via", "model.layers[1] via", "CS101", "model", 'module("model.layers.1") @ last'),
    Fault("output_of_a_site", "hidden[1] via", "hidden[1].output via", "CS101", "hidden[1]", "nothing follows a site"),
    Fault("site_in_quotes", "hidden[1] via", '"hidden[1]" via', "CS001", '"hidden[1]"', "without quotes"),
    Fault("site_called", "hidden[1] via", "hidden(1) via", "CS001", "1", "square brackets"),
    Fault("component_of_another_tool", "hidden[1] via", "hook_z[1, 0] @ last via", "CS101", "hook_z", "did you mean `head_out`?"),
    Fault("component_called_layer", "hidden[1] via", "layer[1] via", "CS101", "layer", "of an MLP `hidden[i]`"),
    Fault("family_by_its_method", "rotation size 4", "DAS size 4", "CS101", "DAS", "did you mean `rotation`?"),
    Fault("argument_by_an_equals_sign", '"net.safetensors")', '"net.safetensors", dtype=float32)', "CS001", "=", "`dtype: ...`"),
    Fault("setting_by_an_equals_sign", "", "\nsettings { seed = 3 }\n", "CS001", "=", "`seed: ...`"),
    Fault("setting_outside_of_settings", "", "\nseed: 3\n", "CS001", "seed", "settings { seed: ... }"),
    Fault("position_in_quotes", "hidden[1] via", 'resid[1] @ "w" via', "CS001", '"w"', "`@ {x}`"),
    Fault("size_by_a_keyword", "size 4", "size=4", "CS001", "=", "via FAMILY size K"),
    # --- not built yet
    Fault("effect_without_an_arrow", CLAIM, "effect(das.left) >= 0.5", "CS001", ")", "claim reads"),
    Fault("given_in_an_interchange", CLAIM, "iia(das.left given right) >= 0.5", "CS001", "given", "claim reads"),
    Fault("random_at_the_top", CLAIM, "random(c) >= 0.5", "CS001", "random", "claim reads"),
    Fault("loop_of_comparisons", CLAIM, "iia(das) >= 0.5 for t in 0..3", "CS001", "for", "claim reads"),
    Fault("circuit_with_a_site_twice", "", "\ncircuit c = { hidden[1], hidden[2], hidden[1] }\n", "CS360", "hidden[1]", "once"),
    Fault("circuit_of_no_sites", "", "\ncircuit c = top 0 of hidden[*] by effect(it -> correct)\n", "CS361", "0", "top 8"),
    Fault("graph_without_nodes", "", "\ngraph g on mlp { }\n", "CS362", "g", "node"),
    Fault("node_without_a_metric", "", "\ngraph g on mlp { node a: hidden[1] }\n", "CS001", "}", "node"),
    Fault("node_of_nothing", "", "\ngraph g on mlp { node a: -> correct }\n", "CS001", "->", "node"),
    Fault("node_of_an_empty_circuit", "", "\ncircuit c = { }\ngraph g on mlp { node a: c -> correct }\n", "CS001", "}", "circuit"),
    Fault("nodes_that_share_units", "", "\ngraph g on mlp { node a: hidden[1][0..3] -> correct  node b: hidden[1][3] -> correct }\n", "CS364", "hidden[1][3]", "sites of its own"),
    Fault("the_same_node_twice", "", "\ngraph g on mlp { node a: c -> correct  node b: c -> correct }\ncircuit c = { hidden[1] }\n", "CS364", "c", "sites of its own"),
    Fault("node_that_is_drawn", "", "\ngraph g on mlp { node a: random(c) -> correct }\ncircuit c = { hidden[1] }\n", "CS461", "random(c)", "beside every node"),
    Fault("node_that_is_an_input", "", "\ngraph g on mlp { node a: w -> correct }\n", "CS461", "w", "name a circuit"),
    Fault("graph_over_which_recipe", "align das: both -> mlp {", "pairs p for equality { }\npairs q for equality { uniform }\ngraph g on mlp { node a: hidden[1] -> correct }\nalign das: both -> mlp over p {", "CS406", "g", "over p"),
    Fault("graph_over_twice", "", "\npairs p for equality { }\ngraph g on mlp over p over p { node a: hidden[1] -> correct }\n", "CS011", "p", "remove one"),
    Fault("graph_exhaustively_twice", "", "\ngraph g on mlp exhaustively exhaustively { node a: hidden[1] -> correct }\n", "CS011", "exhaustively", "remove one"),
    Fault("effect_in_which_network", CLAIM, 'effect(w -> correct) >= 0.1\nnetwork b = torch("net.safetensors")', "CS460", "effect(w -> correct)", "on N"),
    Fault("effect_of_a_model", CLAIM, "effect(both -> correct) >= 0.1", "CS461", "both", "name what is set"),
    Fault("effect_of_an_alignment", CLAIM, "effect(das -> correct) >= 0.1", "CS461", "das", "das.left"),
    Fault("effect_of_an_unknown_name", CLAIM, "effect(left -> correct) >= 0.1", "CS101", "left", "das.left"),
    Fault("effect_of_a_mean", CLAIM, "effect(mean(w) -> correct) >= 0.1", "CS461", "mean", "after `:=`"),
    Fault("effect_on_a_site", CLAIM, "effect(w -> hidden[1]) >= 0.1", "CS462", "hidden[1]", "a metric"),
    Fault("effect_on_an_unknown_metric", CLAIM, "effect(w -> corect) >= 0.1", "CS462", "corect", "did you mean `correct`"),
    Fault("effect_on_two_variables", CLAIM, "effect(w -> das.{left, right}) >= 0.1", "CS462", "das.{left, right}", "each variable"),
    Fault("given_what_is_set", CLAIM, "change(hidden[1] -> same given hidden[1][0..3]) <= 0.1", "CS463", "hidden[1][0..3]", "disjoint"),
    Fault("given_what_lies_in_a_circuit", CLAIM, "change(c -> same given hidden[2]) <= 0.1\ncircuit c = { hidden[1], hidden[2] }", "CS463", "hidden[2]", "disjoint"),
    Fault("effect_on_itself", CLAIM, "effect(das.left -> das.left) >= 0.1", "CS464", "das.left", "another thing"),
    Fault("effect_on_what_shares_its_units", CLAIM, "change(hidden[1] -> das.left) >= 0.1", "CS464", "hidden[1]", "another thing"),
    Fault("effect_on_what_comes_before", CLAIM, "change(hidden[2] -> das.left) <= 0.1", "CS478", "das.left", "earlier"),
    Fault("effect_through_what_comes_before", CLAIM, "change(hidden[2] -> same through hidden[1]) <= 0.1", "CS478", "hidden[1]", "earlier"),
    Fault("node_on_itself", CLAIM, "effect(a -> a) >= 0.1\ngraph g on mlp { node a: c -> correct }\ncircuit c = { hidden[1] }", "CS464", "a", "another thing"),
    Fault("it_outside_of_a_search", CLAIM, "effect(it -> correct) >= 0.1", "CS465", "it", "after `by`"),
    Fault("search_without_it", "", "\ncircuit c = top 2 of hidden[*] by effect(w -> correct)\n", "CS465", "w", "effect(it -> METRIC)"),
    Fault("random_of_an_alignment", CLAIM, "change(random(das) -> same) <= 0.1", "CS466", "das", "no circuits"),
    Fault("rest_of_a_number", CLAIM, "change(rest(3) -> same) <= 0.1", "CS466", "3", "rest(C)"),
    Fault("input_set_to_a_mean", CLAIM, "effect({w := mean(hidden[1])} -> correct) >= 0.1", "CS467", "mean(hidden[1])", "source"),
    Fault("input_set_outside_its_domain", CLAIM, "effect({w := 9} -> correct) >= 0.1", "CS467", "9", "source"),
    Fault("variable_set_to_no_value_of_it", CLAIM, "effect({das.left := 2} -> correct) >= 0.1", "CS467", "2", "source"),
    Fault("product_of_two_values", CLAIM, "effect({hidden[1] := source * mean(hidden[1])} -> correct) >= 0.1", "CS467", "source * mean(hidden[1])", "a number only"),
    Fault("noise_of_nothing", CLAIM, "effect({hidden[1] := noise(0)} -> correct) >= 0.1", "CS467", "0", "noise(0.1)"),
    Fault("source_on_a_network", CLAIM, "effect({hidden[1] := source on mlp} -> correct) >= 0.1", "CS467", "mlp", "leave `on` out"),
    Fault("given_and_through_the_same", CLAIM, "change(w -> same given hidden[1] through hidden[1]) <= 0.1", "CS468", "hidden[1]", "remove one"),
    Fault("effect_in_another_network", CLAIM, 'effect(das.left -> correct on b) >= 0.1\nnetwork b = torch("net.safetensors")', "CS469", "on b", "leave `on` out"),
    Fault("mean_of_no_metric", CLAIM, "mean(corect on mlp) >= 0.1", "CS471", "corect", "did you mean `correct`"),
    Fault("node_with_no_metric", "", "\ncircuit c = { hidden[1] }\ngraph g on mlp { node a: c -> score }\n", "CS462", "score", "correct"),
    Fault("node_that_reads_a_node", "", "\ngraph g on mlp { node a: hidden[1] -> correct  node b: hidden[2] -> a }\n", "CS462", "a", "correct"),
    Fault("node_that_reads_a_site", "", "\ngraph g on mlp { node a: hidden[1] -> hidden[2] }\n", "CS462", "hidden[2]", "A.x"),
    Fault("node_of_another_network", "", '\nnetwork b = torch("net.safetensors")\ngraph g on b { node a: das.left -> correct }\n', "CS469", "das.left", "or sites"),
    Fault("node_that_reads_in_another_network", "", '\nnetwork b = torch("net.safetensors")\ngraph g on b { node a: hidden[2] -> das.left }\n', "CS469", "das.left", "or sites"),
    Fault("node_that_reads_what_another_sets", "", "\ngraph g on mlp { node a: das.left -> correct  node b: hidden[2] -> das.left }\n", "CS364", "das.left", "no other node sets"),
    Fault("nodes_that_reach_nothing", "", "\ngraph g on mlp { node a: hidden[2][0] -> das.left  node b: hidden[2][1] -> das.right }\n", "CS478", "g", "read metrics"),
    Fault("all_of_nothing", CLAIM, "all(iia(das.left) >= 0.5 for t in 0..3 where t > 5)", "CS472", "all(iia(das.left) >= 0.5 for t in 0..3 where t > 5)", "its loop"),
    Fault("all_where_a_variable", CLAIM, "all(iia(das.left) >= 0.5 for t in 0..3 where w > t)", "CS141", "w > t", "loops"),
    Fault("effect_on_symbols", CLAIM, "effect(w -> shown.kind) >= 0.1" + SHOWN, "CS470", "shown.kind", "change(... -> shown.kind)"),
    Fault("sources_of_another_model", CLAIM, "iia(das from shown) >= 0.1 and change(w -> shown.kind) <= 0.1" + SHOWN, "CS473", "shown", "the same model"),
    Fault("circuit_called_like_an_input", CLAIM, "effect(w -> correct) >= 0.1\ncircuit w = { hidden[1] }", "CS475", "w", "rename one"),
    Fault("sources_from_itself", CLAIM, "iia(das from das) >= 0.5", "CS474", "das", "another alignment"),
    Fault("probe_from_elsewhere", CLAIM, "probe(das.left from das) >= 0.5", "CS441", "das", "leave `from` out"),
    Fault("exhaustive_noise", CLAIM, "effect({hidden[1] := noise(1)} -> correct) >= 0.1 exhaustively", "CS440", "effect({hidden[1] := noise(1)} -> correct)", "leave `exhaustively`"),
    Fault("effect_beyond_its_range", CLAIM, "effect(w -> correct) >= -1", "CS411", "effect(w -> correct) >= -1", "between -1 and 1"),
    Fault("balanced_and_uniform", "", PAIRS % "balanced left uniform", "CS445", "uniform", "remove one"),
    Fault("no_union", "align das: both -> mlp {", "pairs p for equality { uniform }\npairs q for equality { }\nalign das: both -> mlp over p, q {", "CS447", "q", "name one recipe"),
    Fault("one_cell", "", PAIRS % "balanced 3", "CS446", "3", "or write `uniform`"),
    Fault("budget_too_small", "", "\nsettings { budget: 3 }\n", "CS309", "3", "budget: 200"),
    # --- names and types
    Fault("unknown_name", LEFT, "left: bool = w == xx", "CS101", "xx", "did you mean `x`?"),
    Fault("unknown_model", "das: both ->", "das: booth ->", "CS101", "booth", "did you mean `both`?"),
    Fault("unknown_network", "-> mlp {", "-> lpm {", "CS101", "lpm", "did you mean `mlp`?"),
    Fault("wrong_kind", "-> mlp {", "-> both {", "CS101", "both", "there is only `mlp`"),
    Fault("unknown_type", "z: 0..7", "z: digt", "CS101", "digt", "a domain is a range `0..9`"),
    Fault("unknown_variable", "left, right at", "left, rigth at", "CS101", "rigth", "did you mean `right`?"),
    Fault("unknown_component", "at hidden[1]", "at hiden[1]", "CS101", "hiden", "did you mean `hidden`?"),
    Fault("unknown_family", "via rotation", "via rotate", "CS101", "rotate", "did you mean `rotation`?"),
    Fault("unknown_function", LEFT, "left: bool = mim(w, x) == 0", "CS101", "mim", "did you mean `min`?"),
    Fault("unknown_loader", "torch(", "troch(", "CS101", "troch", "did you mean `torch`?"),
    Fault("unknown_alignment", CLAIM, "iia(dsa) >= 0.9", "CS101", "dsa", "did you mean `das`?"),
    Fault("unknown_position", "hidden[1] via", "resid[1] @ x via", "CS101", "x", "`{x}`"),
    Fault("unknown_slot", "hidden[1] via", "resid[1] @ {ww} via", "CS101", "ww", "did you mean `w`?"),
    Fault("unknown_outer", "at hidden[1]", "at dsa.left", "CS101", "dsa", "did you mean `das`?"),
    Fault("unknown_reader", CLAIM, "iia(das.left -> some) >= 0.9", "CS101", "some", "did you mean `same`?"),
    Fault("unknown_outcome", CLAIM, CLAIM + " expect hold", "CS101", "hold", "did you mean `holds`?"),
    Fault("unknown_token", "tokens [w, x, y, z]", "tokens [w, x, y, zz]", "CS101", "zz", "did you mean `z`?"),
    Fault("answer_of_another", "answer same", "answer some", "CS101", "some", "answer same"),
    Fault("require_reads_output", OUTPUT, OUTPUT + "  require same\n", "CS101", "same", "inputs only"),
    Fault("declared_twice", "", '\nnetwork mlp = torch("net.safetensors")\n', "CS102", "mlp", "rename or remove"),
    Fault("input_twice", "z: 0..7", "z, w: 0..7", "CS102", "w", "rename or remove"),
    Fault("settings_twice", "", "\nsettings { seed: 1 }\nsettings { seed: 2 }\n", "CS102", "settings { seed: 2 }", "one"),
    Fault("arithmetic_on_truth", SAME, "  same = left + 1 == 2\n", "CS104", "left", "if x then 1 else 0"),
    Fault("and_on_numbers", LEFT, "left: bool = w and x", "CS104", "w", "compare it"),
    Fault("number_with_truth", SAME, "  same = left == w\n", "CS105", "w", "same type"),
    Fault("condition_not_truth", LEFT, "left: bool = if w then true else false", "CS106", "w", "compare it"),
    Fault("require_not_truth", OUTPUT, OUTPUT + "  require w + x\n", "CS106", "w + x", "compare it"),
    Fault("order_on_truth", SAME, "  same = left < right\n", "CS107", "left", "no order"),
    Fault("annotation_disagrees", LEFT, "left: bool = w", "CS108", "w", "change the domain"),
    Fault("outside_range", LEFT, "far: 0..3 = w + 10\n  left = w == x", "CS109", "w + 10", "change the range"),
    Fault("division_by_zero", LEFT, "left: bool = w // 0 == 1", "CS110", "0", "something else"),
    Fault("numbers_too_large", LEFT, "left: bool = w * 4_000_000_000_000_000_000 == x", "CS111",
          "w * 4_000_000_000_000_000_000", "smaller factors"),
    Fault("ambiguous_symbol", LEFT,
          "a: {up, down} = up\n  b: {up, low} = up\n  c = up\n  left = c == a", "CS112", "up", "state the variable's type"),
    Fault("empty_range", "0..7", "7..0", "CS113", "7..0", "write `0..7`"),
    Fault("empty_set", "z: 0..7", "z: {}", "CS113", "{}", "list its values"),
    Fault("symbol_twice", "", "\ntype t = {a, b, a}\n", "CS114", "a", "remove one"),
    Fault("domain_too_large", "0..7", "0..3_000_000_000", "CS115", "0..3_000_000_000", "2^31"),
    Fault("number_in_set", "", "\ntype t = {1, 2}\n", "CS116", "1", "`0..9`"),
    Fault("reserved_symbol", "", "\ntype t = {yes, true}\n", "CS116", "true", "use `bool`"),
    Fault("role_outside_where", LEFT, "left: bool = base.w == x", "CS117", "base.w", "write `w`"),
    Fault("type_of_itself", "", "\ntype a = b\ntype b = a\n", "CS118", "a", "end the chain"),
    Fault("branches_differ", LEFT, "left = if w == x then 1 else false", "CS119", "false", "same type"),
    Fault("argument_count", LEFT, "left: bool = min(w) == x", "CS120", "min(w)", "min(x, y)"),
    Fault("network_arguments", '"net.safetensors")', '"net.safetensors", revision: 3)', "CS121", "revision", "torch("),
    # --- tasks
    Fault("no_output", OUTPUT, "", "CS130", "equality", "output y: bool"),
    Fault("no_tokens", "  tokens [w, x, y, z]\n", "", "CS130", "equality", "tokens [w, x, y, z]"),
    Fault("fed_twice", "tokens [w, x, y, z]", "tokens [w, x, y, z, w]", "CS131", "w", "once"),
    Fault("answer_missing", "{ false: 0, true: 1 }", "{ false: 0 }", "CS132", "answer same: { false: 0 }", "every value"),
    Fault("answer_value_twice", "true: 1", "true: 1, true: 2", "CS133", "true: 2", "remove one"),
    Fault("answer_class_twice", "true: 1", "true: 0", "CS134", "0", "of its own"),
    Fault("answer_class_negative", "true: 1", "true: -1", "CS135", "-1", "0 and above"),
    Fault("index_of_truth", "{ false: 0, true: 1 }", "index", "CS136", "index", "false: 0, true: 1"),
    Fault("answer_no_value", "true: 1", "ture: 1", "CS138", "ture", "did you mean `true`?"),
    # --- families and loops
    Fault("no_such_position", ANSWER, ANSWER.replace("same", "same @ end"), "CS101", "end", "`last`"),
    Fault("unknown_comprehension", LEFT, "left: bool = smu(w for i in 0..3) == 3", "CS101", "smu", "did you mean `sum`?"),
    Fault("sum_without_loop", LEFT, "left: bool = sum(w, x) == 3", "CS120", "sum(w, x)", "for i in 0..3"),
    Fault("sum_of_truths", LEFT, "left: bool = sum(w == i for i in 0..3) == 1", "CS104", "w == i", "`count(...)`"),
    Fault("several_positions", ANSWER, ANSWER.replace("same", "same @ [0, 1]"), "CS139", "@ [0, 1]", "one position"),
    Fault("index_outside", LEFT, "v[0] = w\n  left: bool = v[1] == x", "CS140", "v[1]", "change the index"),
    Fault("index_below_in_a_loop", LEFT, "for i in 0..3 { v[i] = v[i - 1] }\n  left: bool = w == x", "CS140", "v[i - 1]",
          "leaves a case out"),
    Fault("index_that_leaves", LEFT, "for i in 0..3 { v[i] = i }\n  left: bool = v[w] == x", "CS140", "w", "inside the family"),
    Fault("family_of_nothing", "z: 0..7", "z, more[0]: 0..7", "CS140", "0", "more[4]"),
    Fault("loop_to_a_variable", LEFT, "for i in 0..w { v[i] = i }\n  left: bool = w == x", "CS141", "w", "variables of loops"),
    Fault("declared_again_by_a_loop", "", "\nfor i in 0..3 {\n  claim c: iia(das) >= 0.5\n}\n", "CS102", "c", "an index"),
    Fault("declaration_without_its_index", CLAIM, "iia(das[0]) >= 0.5", "CS101", "das[0]", "did you mean `das`"),
    Fault("family_of_claims", "", "\nfor i in 0..3 {\n  claim c[i]: iia(das) >= 0.5\n}\nclaim c: iia(das) >= 0.5 x\n",
          "CS001", "x", "a claim reads"),
    Fault("type_in_a_loop", "", "\nfor i in 0..3 {\n  type t = 0..3\n}\n", "CS017", "type", "outside"),
    Fault("loop_without_declarations", "", "\nfor i in 0..3\n", "CS001", "3", "between the braces"),
    Fault("loop_of_declarations_too_long", "", "\nfor i in 0..20_000 {\n  claim c[i]: iia(das) >= 0.5\n}\n", "CS142",
          "claim c[i]: iia(das) >= 0.5", "shorter"),
    Fault("loop_of_declarations_hides_a_name", "", "\nfor w in 0..1 {\n  pairs p[w] for equality { size 500 }\n}\n",
          "CS143", "w", "another name"),
    Fault("inner_site_with_two_indices", "at hidden[1]", "at das[1, 2].left", "CS016", "[1, 2]", "one index"),
    Fault("too_many_lines", LEFT, "for i in 0..9_999 { v[i] = i u[i] = i }\n  left: bool = w == x", "CS142",
          "for i in 0..9_999 { v[i] = i u[i] = i }", "shorter"),
    Fault("too_many_steps", LEFT, "left: bool = any(w == i for i in 0..999 for j in 0..999)", "CS142", "0..999", "shorter"),
    Fault("loop_hides_a_name", LEFT, "left: bool = any(w == x for w in 0..3)", "CS143", "w", "another name"),
    Fault("family_without_index", LEFT, "v[0] = w\n  left: bool = v == x", "CS144", "v", "such as `v[0]`"),
    Fault("index_of_a_variable", LEFT, "left: bool = w[x] == x", "CS144", "w[x]", "write `w`"),
    Fault("index_of_truth_values", LEFT, "v[0] = w\n  left: bool = v[w == x] == x", "CS144", "w == x", "the members are"),
    Fault("smallest_of_nothing", LEFT, "left: bool = min(w for i in 0..3 where x == i) == 0", "CS145",
          "min(w for i in 0..3 where x == i)", "if ... then"),
    Fault("variable_and_family", LEFT, "left: bool = w == x\n  left[0] = w", "CS206", "left[0]", "another name"),
    Fault("family_that_is_no_variable", LINKED[0], LINKED[1], "CS318", "d", "place them one by one"),
    # --- causal models
    Fault("no_output_equation", SAME, "  some = left == right\n", "CS200", "both", "same = ..."),
    Fault("cycle", LEFT, "left: bool = other\n  other = left", "CS201", "other", "acyclic"),
    Fault("defined_by_itself", LEFT, "left: bool = not left", "CS201", "left", "acyclic"),
    Fault("input_assigned", LEFT, "left: bool = w == x\n  w = 3", "CS202", "w", "another name"),
    Fault("two_equations", SAME, SAME + "  left = x == y\n", "CS203", "left", "rename or remove"),
    Fault("output_type_disagrees", SAME, "  same: 0..1 = 1\n", "CS205", "0..1", "write `bool`"),
    # --- alignments
    Fault("placed_twice", "left, right at", "left, right, left at", "CS300", "left", "one place"),
    Fault("input_placed", "left, right at", "left, w at", "CS301", "w", "w_read = w"),
    Fault("overlapping_dims", DAS, "  left at hidden[1][0..3]\n  right at hidden[1][2..5]\n", "CS302",
          "hidden[1][2..5]", "disjoint dims"),
    Fault("two_identities", "rotation size 4", "identity", "CS302", "right", "disjoint dims"),
    Fault("rotation_without_size", " size 4", "", "CS303", "right", "give each of them a size"),
    Fault("sizes_of_two_kinds", DAS,
          "  left at hidden[1] via rotation size 4\n  right at hidden[1] via rotation size learned\n", "CS303", "right",
          "`size learned` for both"),
    Fault("region_without_size", DAS, "  left, right in hidden[1..2] via rotation\n", "CS303", "right", "give each of them"),
    Fault("two_families_at_a_site", DAS,
          "  left at hidden[1] via rotation size 4\n  right at hidden[1] via pca size 4\n", "CS302", "hidden[1]", "share one"),
    Fault("region_of_the_same_site", DAS, "  left in hidden[1] via rotation size 1..4\n  right at hidden[1][0..3]\n",
          "CS302", "hidden[1][0..3]", "disjoint dims"),
    Fault("blocks_too_large_for_an_alternative", DAS, "  left in hidden[*][0..3, 4..5] via rotation size [2, 3]\n", "CS304",
          "2, 3", "smaller"),
    Fault("blocks_too_large_inside", DAS, DAS + INNER % "left at das.left via rotation size 5", "CS304", "5", "smaller"),
    Fault("blocks_too_large_for_the_positions", DAS, "  left at resid[1][0..2] @ [{x}, last] via rotation size 7\n", "CS304",
          "7", "smaller"),
    Fault("blocks_too_large", "hidden[1] via", "hidden[1][0..6] via", "CS304", "4", "smaller"),
    Fault("child_at_parents_site", DAS, "  left, same at hidden[1] via rotation size 4\n", "CS305", "same", "later layer"),
    Fault("child_in_an_earlier_region", DAS, "  left in hidden[2..3]\n  same in hidden[1..2]\n", "CS305", "same", "later layer"),
    Fault("child_on_its_parents_line", DAS, "  left, same in hidden[1..3] via rotation size 2\n", "CS305", "same", "of its own"),
    Fault("layer_twice", "at hidden[1]", "in hidden[1, 0..1]", "CS306", "0..1", "each layer once"),
    Fault("alternative_twice", DAS, "  left in hidden[1][0..1, 2, 0..1]\n", "CS306", "0..1", "each entry once"),
    Fault("star_in_a_list", "at hidden[1]", "in hidden[*, 1]", "CS306", "*", "[*]"),
    Fault("no_layer", "at hidden[1]", "at hidden", "CS306", "hidden", "hidden[1]"),
    Fault("dim_twice", "at hidden[1]", "at hidden[1][0..3, 2]", "CS306", "2", "once"),
    Fault("family_arguments", "via rotation size 4", "via rotation(4)", "CS307", "rotation", "size 4"),
    Fault("revnet_without_arguments", "via rotation", "via revnet", "CS307", "revnet", "revnet(10, 16)"),
    Fault("revnet_of_no_blocks", "via rotation", "via revnet(0, 16)", "CS307", "0", "number of blocks"),
    Fault("nothing_placed", DAS, "", "CS308", "das", "add a line"),
    Fault("bad_steps", DAS, DAS + "  fit { steps: 1.5 }\n", "CS309", "1.5", "steps: 1"),
    Fault("bad_rate", DAS, DAS + "  fit { rate: 0 }\n", "CS309", "0", "rate: 0.01"),
    Fault("unknown_setting", DAS, DAS + "  fit { step: 3 }\n", "CS310", "step", "did you mean `steps`?"),
    Fault("bad_patience", DAS, DAS + "  fit { patience: 0 }\n", "CS309", "0", "patience: 1"),
    Fault("bad_control", "", "\nsettings { controls { random: 0 } }\n", "CS309", "0", "random: 1"),
    Fault("bad_share", "", "\nsettings { controls { share: 1.5 } }\n", "CS309", "1.5", "share: 0.5"),
    Fault("bad_divergence", "", "\nsettings { controls { divergence: 0.5 } }\n", "CS309", "0.5", "divergence: 1.5"),
    Fault("controls_without_block", "", "\nsettings { controls: 3 }\n", "CS309", "controls: 3", "controls {"),
    Fault("controls_twice", "", "\nsettings { controls { } controls { share: 1 } }\n", "CS011", "controls { share: 1 }", "one"),
    Fault("unknown_control", "", "\nsettings { controls { shar: 0.5 } }\n", "CS310", "shar", "did you mean `share`?"),
    Fault("unknown_block", "", "\nsettings { control { } }\n", "CS310", "control", "did you mean `controls`?"),
    Fault("several_layers_at", "at hidden[1]", "at hidden[1..2]", "CS312", "[1..2]", "with `in`"),
    Fault("several_heads_in_a_circuit", CLAIM, "change(attention -> correct) >= 0.1\ncircuit attention = { head_out[0, 0..1] @ last }", "CS312", "0..1", "{ head_out[0, 0], head_out[0, 1] }"),
    Fault("all_dims_at", "at hidden[1]", "at hidden[1][*]", "CS312", "[*]", "with `in`"),
    Fault("several_sizes_at", "size 4", "size [2, 4]", "CS312", "2, 4", "with `in`"),
    Fault("all_positions_at", "hidden[1] via", "resid[1] @ * via", "CS312", "@ *", "with `in`"),
    Fault("several_sizes_via", CLAIM, "iia(das via rotation size 1..4) >= 0.9", "CS312", "1..4", "with `in`"),
    Fault("size_zero", "size 4", "size 0", "CS313", "0", "size 4"),
    Fault("size_of_a_word", "size 4", "size four", "CS313", "four", "size 4"),
    Fault("size_twice", "at hidden[1] via rotation size 4", "in hidden[1] via rotation size [1, 2..3, 2]", "CS313", "2", "once"),
    Fault("size_range_empty", "size 4", "size 4..2", "CS113", "4..2", "2..4"),
    Fault("learned_pca", "rotation size 4", "pca size learned", "CS313", "learned", "state it"),
    Fault("learned_pca_via", TAIL, TAILED % (DAS.replace("4", "learned"), "iia(das via pca) >= 0.9"), "CS313", "via pca",
          "pca size 4"),
    Fault("learned_among_sizes", "at hidden[1] via rotation size 4", "in hidden[1] via rotation size [2, learned]", "CS313",
          "learned", "size learned"),
    Fault("two_differences", "rotation size 4", "difference size 2", "CS313", "2", "leave the size out"),
    Fault("difference_of_many", TAIL, TAIL.replace("left, right", "right") + DIGITS % "digit at hidden[1] via difference",
          "CS313", "difference", "probe size K"),
    Fault("index_of_a_placed_variable", "left, right at", "left[w] at", "CS141", "w", "numbers and the variables of loops"),
    Fault("index_of_a_member", CLAIM, "iia(das.left[w]) >= 0.5", "CS141", "w", "numbers and the variables of loops"),
    Fault("loop_of_the_same_placement", DAS, "  for i in 0..1 { left at hidden[1] }\n", "CS300", "left", "one place"),
    Fault("loop_variable_of_a_model", DAS, "  for left in 0..1 { right at resid[1] @ last }\n", "CS143", "left", "another name"),
    Fault("too_few_positions", "", ASIDE % "pair at resid[1] @ last", "CS316", "resid[1] @ last", "`@ {x}`"),
    Fault("member_that_is_not_there", "", ASIDE % "pair[2] at resid[1] @ last", "CS140", "pair[2]", "change the index"),
    Fault("region_of_a_family", "", ASIDE % "pair in resid[1..2] @ *", "CS316", "resid[1..2] @ *", "`@ {x}`"),
    Fault("family_inside", "", ASIDE % "pair at das.left", "CS317", "das.left", "of its own"),
    Fault("family_that_reads_itself", "", ASIDE % "chain at resid[1] @ [{w}, {x}]", "CS318", "chain", "`chain[0]`"),
    Fault("part_of_a_slot_in_brackets", "at hidden[1]", "at resid[1] @ {y}[1]", "CS001", "[", "`@ {y}` or `@ {y}.last`, its last token, `@ {y}.first` or `@ {y}.all`"),
    Fault("token_after_a_slot", "at hidden[1]", "at resid[1] @ {y} + 1", "CS001", "+", "`@ {y}.first` or `@ {y}.all`"),
    Fault("list_in_an_expression", LEFT, "left: bool = [w, x][0] == x", "CS001", "[", "read by `x[i]`"),
    Fault("no_position", "at hidden[1]", "at resid[1]", "CS315", "resid[1]", "an MLP has `hidden[i]`, without a position"),
    Fault("position_twice", "at hidden[1]", "at resid[1] @ [last, -1]", "CS315", "-1", "once"),
    Fault("inside_itself", "at hidden[1]", "at das.left", "CS317", "das.left", "declared before"),
    Fault("inside_a_later_one", DAS, DAS.replace("hidden[1]", "inner.left") + INNER % "left at hidden[1]", "CS317",
          "inner.left", "declared before"),
    Fault("inside_a_search", DAS, DAS.replace(" at ", " in ") + INNER % "left at das.left via rotation size 1", "CS317", "das.left",
          "stated with `at`"),
    Fault("search_inside", DAS, DAS + INNER % "left in das.left via rotation size 1", "CS317", "das.left", "with `at`"),
    Fault("inside_another_network", "", '\nnetwork net = torch("net.safetensors")\n'
          "align inner: both -> net {\n  left at das.left via rotation size 1\n}\n", "CS317", "das.left", "the same network"),
    Fault("inside_what_is_not_placed", DAS, DAS + INNER % "left at das.same", "CS417", "same", "`left` and `right`"),
    # --- pairs and claims
    Fault("split_not_one", "", PAIRS % "split .6 .2 .3", "CS400", "split .6 .2 .3", "fit, select and test"),
    Fault("split_of_two", "", PAIRS % "split .6, .4", "CS400", "split .6, .4", "fit, select and test"),
    Fault("holdout_outside", "", PAIRS % "holdout w in 6..9", "CS401", "w", "0..7"),
    Fault("holdout_all", "", PAIRS % "holdout w in 0..7", "CS402", "w", "some of its values"),
    Fault("holdout_twice", "", PAIRS % "holdout w\n  holdout w in 0..3", "CS403", "w", "one line"),
    Fault("where_ambiguous", "network mlp", "model rival for equality {\n  left = w == x\n  same = left\n}\n"
          + PAIRS % "where left" + "network mlp", "CS404", "left", "rename"),
    Fault("no_items", "", PAIRS % "size 0", "CS405", "0", "20_000"),
    Fault("several_recipes", "", PAIRS % "size 9" + "pairs more for equality { }\n", "CS406", "das", "over main"),
    Fault("no_estimand", CLAIM, "1 >= 0.9", "CS408", "1 >= 0.9", "iia(A)"),
    Fault("product", CLAIM, "iia(das) * iia(das) >= 0.9", "CS409", "iia(das) * iia(das)", "2 * iia(A)"),
    Fault("equality_without_tolerance", CLAIM, "iia(das) == 0.9", "CS410", "==", "exhaustively"),
    Fault("always_met", CLAIM, "iia(das) >= 0", "CS411", "iia(das) >= 0", "met and missed"),
    Fault("never_met", CLAIM, "accuracy(mlp) - iia(das) >= 1.2", "CS411", "accuracy(mlp) - iia(das) >= 1.2", "missed"),
    Fault("unsupported_cannot_come", CLAIM, "accuracy(mlp) >= 0.9 expect unsupported", "CS412", "unsupported", "refuted"),
    Fault("refuted_cannot_come", CLAIM, CLAIM + " expect refuted", "CS412", "refuted", "unsupported"),
    Fault("vacuous_cannot_come", CLAIM, "accuracy(mlp) >= 0.9 expect inconclusive(vacuous)", "CS412", "vacuous",
          "that the claim can have"),
    Fault("budget_cannot_come", CLAIM, "accuracy(mlp) >= 0.9 exhaustively expect inconclusive(budget)", "CS412",
          "budget", "that the claim can have"),
    Fault("bad_confidence", CLAIM, CLAIM + " at confidence 1", "CS413", "1", "at confidence 0.99"),
    Fault("low_confidence", CLAIM, CLAIM + " at confidence 0.9", "CS449", "0.9", "leave `at confidence` out"),
    Fault("settings_confidence", "", "\nsettings { confidence: 95 }\n", "CS413", "95", "confidence: 0.95"),
    Fault("tolerance_with_bound", CLAIM, "iia(das) >= 0.9 +- 0.1", "CS414", "0.1", "belongs to `==`"),
    Fault("strict_bound", CLAIM, "iia(das) > 0.9", "CS415", ">", "write `>=`"),
    Fault("not_placed", CLAIM, "iia(das.{left, same}) >= 0.9", "CS417", "same", "`left` and `right`"),
    Fault("on_twice", CLAIM, "iia(das on mlp on mlp) >= 0.9", "CS011", "on mlp", "remove one"),
    Fault("frozen_on_its_own", CLAIM, "iia(das frozen on mlp) >= 0.9", "CS419", "mlp", "another network"),
    Fault("frozen_on_random", CLAIM, "iia(das frozen on random(mlp)) >= 0.9", "CS419", "random(mlp)", "another network"),
    Fault("exhaustive_probe", CLAIM, "probe(das.left) >= 0.9 exhaustively", "CS440", "probe(das.left)", "exhaustively"),
    Fault("probe_of_all", CLAIM, "probe(das) >= 0.9", "CS441", "probe(das)", "probe(das.left)"),
    Fault("cae_of_one", CLAIM, "cae(das.left) <= 0.1", "CS441", "left", "cae(das)"),
    Fault("edge_from_all", CLAIM, "iia(das -> same) >= 0.9", "CS441", "same", "iia(das.left -> same)"),
    Fault("edge_of_a_probe", CLAIM, "probe(das.left -> same) >= 0.9", "CS441", "same", "iia(das.left -> same)"),
    Fault("cae_at_two_layers", TAIL, TAILED % ("  left at hidden[1]\n  right at hidden[2]\n", "cae(das) <= 0.1"), "CS442", "cae(das)", "at one layer"),
    Fault("edge_to_no_child", CLAIM, "iia(das.left -> right) >= 0.9", "CS443", "right", "read by `same`"),
    Fault("edge_with_another_child", "", DIGITS % "digit at hidden[1]" + "claim edge: iia(to.digit -> low) >= 0.5\n", "CS444",
          "low", "place it in `to`"),
    Fault("refuted_probe", CLAIM, "probe(das.left) >= 0.9 expect refuted", "CS412", "refuted", "unsupported"),
    Fault("unsupported_frozen", CLAIM, "iia(das frozen on net) >= 0.9 expect unsupported\n"
          'network net = torch("net.safetensors")', "CS412", "unsupported", "refuted"),
    Fault("unsupported_via_identity", TAIL,
          TAILED % ("  left at hidden[1] via rotation\n", "iia(das via identity) >= 0.9 expect unsupported"), "CS412",
          "unsupported", "refuted"),
    Fault("divergence_always_met", CLAIM, "divergence(das) <= 10", "CS411", "divergence(das) <= 10", "0 and 10"),
    Fault("reason_misplaced", CLAIM, CLAIM + " expect holds(straddles)", "CS418", "straddles", "expect holds"),
    Fault("unknown_reason", CLAIM, CLAIM + " expect inconclusive(stradles)", "CS418", "stradles", "did you mean `straddles`?"),
]

# fmt: on

TWO_TASKS = (
    BASE
    + """
task other {
  input v: 0..1
  output out: bool
  tokens [v]
  answer out: { false: 0, true: 1 }
}
"""
)

WARNINGS = [
    Fault("unseen_input", "tokens [w, x, y, z]", "tokens [w, x, y]", "CS137", "z", "add `z`"),
    Fault("unused_variable", LEFT, LEFT + "\n  spare = w + x", "CS204", "spare", "remove"),
    Fault("unused_alignment", CLAIM, "accuracy(mlp) >= 0.9", "CS311", "das", "iia(das)"),
    Fault(
        "graph_of_many_nodes",
        "",
        "\ngraph g on mlp { for i in 0..24 { node a[i]: hidden[1][i] -> correct } }\n",
        "CS365",
        "g",
        "cspec plan",
    ),
]
