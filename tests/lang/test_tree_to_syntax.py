"""The grammar and the functions that build its nodes name the same rules."""

from pathlib import Path

import lark
from cspec import lang
from cspec.lang.tree_to_syntax.build_declaration import BUILDERS, NESTING_RULES


def rules_with_nodes() -> set[str]:
    """The rules that stand in a parse tree: not those whose children take their place (`_rule`, `?rule`)."""
    grammar = (Path(lang.__file__).parent / "parsing" / "grammar.lark").read_text(encoding="utf-8")
    rules = lark.Lark(grammar, start=["declaration", "slot_text"], parser="lalr").rules
    names = {str(rule.alias or rule.origin.name) for rule in rules if not rule.options.expand1}
    return {name for name in names if not name.startswith("_")}


def test_every_rule_has_a_builder_and_every_builder_a_rule() -> None:
    assert set(BUILDERS) == rules_with_nodes()


def test_only_rules_are_said_to_nest() -> None:
    assert rules_with_nodes() >= NESTING_RULES
