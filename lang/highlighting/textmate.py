"""The table of words -> a TextMate grammar (editors/vscode/syntaxes), in regular expressions that Python reads too."""

import json
from typing import Any

from ..words import keywords

NAME = r"[^\W\d]\w*"

SCOPES: dict[str, str] = {
    "estimands": "support.function.estimand.cspec",
    "functions": "support.function.cspec",
    "readings": "support.function.reading.cspec",
    "networks": "support.function.loader.cspec",
    "maps": "support.function.map.cspec",
    "components": "support.constant.component.cspec",
    "outcomes": "constant.language.outcome.cspec",
    "constants": "constant.language.cspec",
    "types": "support.type.cspec",
    "operators": "keyword.operator.word.cspec",
    "lines": "keyword.other.line.cspec",
    "clauses": "keyword.other.clause.cspec",
    "declarations": "keyword.declaration.cspec",
}
"""The scope of each group of words, the group that decides about a word of several first."""


def textmate_grammar() -> dict[str, Any]:
    """The grammar as plain data; each pattern by its name in `repository`."""
    repository: dict[str, Any] = {
        "comment": {"name": "comment.line.number-sign.cspec", "match": r"#.*$"},
        "doc": {"name": "string.quoted.triple.doc.cspec", "begin": '"""', "end": '"""'},
        "text": {
            "name": "string.quoted.double.cspec",
            "begin": '"',
            "end": '"|$',
            "patterns": [
                {"name": "constant.character.escape.cspec", "match": r"\\."},
                {"name": "variable.parameter.slot.cspec", "match": r"\{[^{}\"]*\}"},
            ],
        },
        "declaration": {
            "match": rf"^\s*({_either(_named())})\s+({NAME})",
            "captures": {
                "1": {"name": "keyword.declaration.cspec"},
                "2": {"name": "entity.name.type.cspec"},
            },
        },
        "statement": {
            "match": rf"^\s*({_either(keywords.GROUPS['lines'])})\b(?!\s*(?:=|\[\w+\]\s*=))",
            "captures": {"1": {"name": "keyword.other.line.cspec"}},
        },
        "call": {
            "match": rf"\b({_either((*keywords.ESTIMANDS, *keywords.FUNCTIONS, *keywords.READINGS))})(?=\s*\()",
            "captures": {"1": {"name": "support.function.cspec"}},
        },
        **{group: {"name": scope, "match": _words(group)} for group, scope in SCOPES.items()},
        "number": {"name": "constant.numeric.cspec", "match": r"\b\d[\d_]*(?:\.\d[\d_]*)?|\.\d[\d_]*"},
        "name": {"name": "variable.other.cspec", "match": NAME},
        "operator": {
            "name": "keyword.operator.cspec",
            "match": r"\+-|->|:=|==|!=|<=|>=|\.\.|//|[-+*%<>=|@]",
        },
        "punctuation": {"name": "punctuation.cspec", "match": r"[{}()\[\],:.]"},
    }
    return {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "cspec",
        "scopeName": "source.cspec",
        "fileTypes": ["cspec"],
        "patterns": [{"include": f"#{name}"} for name in repository],
        "repository": repository,
    }


def render_textmate() -> str:
    """The grammar's file."""
    return json.dumps(textmate_grammar(), indent=2) + "\n"


def _named() -> tuple[str, ...]:
    """The words that are followed by the name that they declare."""
    return tuple(word for word in keywords.DECLARATIONS if word not in ("for", "import", "settings"))


def _words(group: str) -> str:
    return rf"\b({_either(keywords.GROUPS[group])})\b"


def _either(words: tuple[str, ...]) -> str:
    return "|".join(sorted(words, key=lambda word: (-len(word), word)))
