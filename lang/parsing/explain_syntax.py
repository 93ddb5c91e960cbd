"""An unexpected token and what the grammar would have taken -> a diagnostic in the user's words."""

from ..diagnostics import Diagnostic, Label
from ..suggest import near_match
from ..words.keywords import LOADERS
from .explain_habits import OPERAND, Habit, explain_habit
from .scanner import ScannedToken, Slice
from .token_faults import DOC_FORM, show_token

FORMS = {
    "import": 'an import reads `import "tasks.cspec"`, or `import "tasks.cspec" as NAME`',
    "type": "a type reads `type NAME = 0..9` or `type NAME = {a, b}`",
    "table": 'a table reads `table NAME: KEY -> VALUE = { a: b, ... }`, or `= csv("rows.csv", key: NAME, value: NAME)`',
    "fn": "a function reads `fn NAME(x: 0..9, y: 0..9) = EXPRESSION`",
    "task": "a task has lines `input NAME: DOMAIN`, `require EXPRESSION`, `output NAME: DOMAIN`, `tokens [...]` or "
    '`prompt "..."`, `answer NAME: { VALUE: CLASS }` and `metric NAME: LOW..HIGH = EXPRESSION`',
    "model": "a model reads `model NAME for TASK { ... }` with one line `name = expression` or "
    "`name: domain = expression` for each variable",
    "network": 'a network reads `network NAME = torch("weights.safetensors")` or `transformers("./folder")`',
    "align": "an alignment reads `align NAME: MODEL -> NETWORK { ... }` with lines "
    "`VARIABLES at SITE via FAMILY size K`, or `in REGION` to search",
    "pairs": "a recipe reads `pairs NAME for TASK { ... }` with lines `size N`, `split .6 .2 .2`, `holdout INPUTS`, "
    "`where EXPRESSION` and `balanced EXPRESSION` or `uniform`",
    "claim": "a claim reads `claim NAME: iia(ALIGNMENT) >= 0.9`",
    "circuit": "a circuit reads `circuit NAME = { SITE, ... }` or "
    "`circuit NAME = top K of REGION by effect(it -> METRIC)`",
    "graph": "a graph reads `graph NAME on NETWORK [over PAIRS] [exhaustively] { ... }` with lines "
    "`node NAME: CIRCUIT -> METRIC`",
    "for": "a loop reads `for i in 0..3 { ... }`, with declarations between the braces",
    "settings": "settings read `settings { confidence: 0.95 seed: 0 }`",
}
LINE_WORDS = {
    "INPUT",
    "REQUIRE",
    "OUTPUT",
    "TOKENS",
    "VECTOR",
    "PROMPT",
    "ANSWER",
    "METRIC",
    "AMONG",
    "SIZE",
    "SPLIT",
    "HOLDOUT",
    "WHERE",
    "BALANCED",
    "UNIFORM",
}
"""Words that open a line in a task or a recipe."""
NOUNS = {"for": "loop", "fn": "function", "align": "alignment", "pairs": "recipe"}

ESTIMAND_NAMES = (
    "iia",
    "cause",
    "isolate",
    "cae",
    "probe",
    "divergence",
    "effect",
    "change",
    "mean",
    "accuracy",
    "all",
)

OPERATORS = {
    "AND", "OR", "NOT", "IN", "COMPARISON", "PLUS", "MINUS", "STAR", "SLASHES", "PERCENT",
}  # fmt: skip
FRIENDLY = {
    "NAME": "a name",
    "INT": "a whole number",
    "DECIMAL": "a number",
    "STRING": "a text",
    "COMPARISON": "a comparison",
    "PLUS_MINUS": "`+-`",
    "_EQUALS": "`=`",
    "_ARROW": "`->`",
    "_RANGE": "`..`",
    "_DOT": "`.`",
    "_COLON": "`:`",
    "_COMMA": "`,`",
    "_LBRACE": "`{`",
    "_RBRACE": "`}`",
    "_LBRACKET": "`[`",
    "_RBRACKET": "`]`",
    "_LPAR": "`(`",
    "_RPAR": "`)`",
    "AT": "`at`",
    "STAR": "`*`",
    "_POSITION": "a position (`@`)",
    "$END": "the end",
}
CONTINUING = frozenset(
    ["=", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "//", "%", "and", "or", "not", "if", "then", "else", "in"]
)
"""What an expression cannot end in."""
EQUALITY = "equality is written `==`"
EQUATION = "an equation is written `name = expression`"
TOKEN_HELP = {
    "/": "whole numbers divide with `//`; in a claim, multiply by a decimal",
    "|": "write `or`",
    "@": "a position follows a site: `resid[2] @ last`",
    ":=": EQUATION,
}


def explain_unexpected(part: Slice, offset: int | None, acceptable: frozenset[str]) -> Diagnostic:
    """What was expected and what was found at `offset` (None: the declaration's end)."""
    tokens = part.tokens
    if offset is None:
        last = tokens[-1]
        noun = NOUNS.get(part.keyword, part.keyword)
        return Diagnostic(
            "CS001",
            f"expected {_expected(acceptable)}, found the end of the {noun}",
            Label(last.span, "it ends here"),
            help=FORMS[part.keyword],
        )
    at = next((i for i, token in enumerate(tokens) if token.span.end > offset), len(tokens) - 1)
    token = tokens[at]
    if token.text in ("=", ":") and at >= 2 and tokens[at - 1].leads and tokens[at - 2].text in CONTINUING:
        # the line before broke off, and took this line's name for its own
        return Diagnostic(
            "CS001",
            f"expected an expression after `{tokens[at - 2].text}`, found the end of the line",
            Label(tokens[at - 2].span, "the line breaks off"),
            help=FORMS[part.keyword],
        )
    habit = explain_habit(part.keyword, tokens, at, acceptable)
    if habit is None:
        habit = Habit(token.span, _help(part.keyword, tokens, at, acceptable))
    meant = [t for t in tokens if habit.span.start <= t.start < habit.span.end]
    found = _found(meant[0]) if len(meant) == 1 else f"`{''.join(t.text for t in meant)}`"
    message = f"expected {habit.expected or _expected(acceptable)}, found {found}"
    return Diagnostic("CS001", message, Label(habit.span, "not expected here"), help=habit.help)


def explain_assignment(part: Slice) -> Diagnostic | None:
    """`mlp = torch(...)`: what is declared lacks the word that says what it is. None of anything else."""
    if len(part.tokens) < 3 or part.tokens[1].text != "=":
        return None
    name, value = part.tokens[0], part.tokens[2]
    help = FORMS["network"] if value.text in LOADERS else "say what it is: `type`, `network`, `circuit`, ..."
    return Diagnostic("CS002", f"expected a declaration, found `{name.text}`", Label(name.span), help=help)


def explain_open_loop(head: Slice) -> Diagnostic:
    """A loop around declarations has a head and nothing after it."""
    return Diagnostic(
        "CS001",
        "expected `{`, found the end of the loop",
        Label(head.tokens[-1].span, "it ends here"),
        help=FORMS["for"],
    )


def refuse_in_loop(declaration: Slice) -> Diagnostic:
    """A declaration that belongs to the whole file stands in a loop."""
    token = declaration.tokens[0]
    return Diagnostic(
        "CS017",
        f"`{token.text}` cannot stand in a loop",
        Label(token.span, "belongs to the whole file"),
        help="write it outside, before the loop",
    )


def _found(token: ScannedToken) -> str:
    return show_token(token)


def _expected(acceptable: frozenset[str]) -> str:
    """What could have come, most telling first; long lists are summed up."""
    rest = set(acceptable)
    if "INPUT" in rest and "NAME" in rest:  # keywords of other declarations, which are plain names here
        rest -= LINE_WORDS
    if len(rest) <= 3 and rest & {"_FOR", "_COLON", "_EQUALS", "_ARROW", "_LBRACE"}:
        rest.discard("_LBRACKET")  # an index after the name of a declaration is rarely what is missing
    if "_LPAR" in rest and len(rest) > 1 and not rest & {"NAME", "INT"}:
        rest.discard("_LPAR")  # after the name of a type, as in `csv(...)`
    words: list[str] = []
    if rest >= OPERAND:
        if "DECIMAL" in rest:
            words.append("a number")
        words.append("an expression")
        rest -= OPERAND | {"DECIMAL", "NOT", "TRUE", "FALSE", "_IF"}
    elif "_ACCURACY" in rest:
        words.append("an estimand such as `iia(A)` or `accuracy(N)`, or a number")
        rest -= {"_ACCURACY", "ESTIMAND", "EFFECT", "_MEAN", "ALL", "INT", "DECIMAL", "MINUS", "_LPAR"}
    elif "DECIMAL" in rest:
        words.append("a number")
        rest -= {"DECIMAL", "INT", "MINUS"}
    elif "MINUS" in rest and "INT" in rest:
        words.append("a name" if "NAME" in rest else "")
        words.append("a whole number")
        rest -= {"MINUS", "INT", "NAME"}
    if "COMPARISON" in rest and "AND" in rest:
        words.append("an operator")
        rest -= OPERATORS | {"_LPAR", "_LBRACKET", "_DOT"}
    elif "COMPARISON" in rest:
        words.append("a comparison")
        rest -= OPERATORS
    elif len(rest & OPERATORS) >= 2:
        words.append("an operator")
        rest -= OPERATORS
    if "NAME" in rest:
        words.append("a name")
        rest.discard("NAME")
    words += sorted(FRIENDLY.get(terminal, f"`{terminal.strip('_').lower()}`") for terminal in rest)
    words = [word for word in words if word]
    if len(words) > 7:
        words = [*words[:6], "more"]
    if len(words) <= 1:
        return "".join(words)
    return ", ".join(words[:-1]) + f" or {words[-1]}"


def _help(keyword: str, tokens: tuple[ScannedToken, ...], at: int, acceptable: frozenset[str]) -> str:
    token = tokens[at]
    if token.kind == "doc":
        return "a doc string stands before the file or before a declaration"
    if token.kind == "string" and token.leads:
        return DOC_FORM
    if token.text == "*" and any(t.text == "*" for t in (tokens[at - 1], *tokens[at + 1 : at + 2])):
        return "there is no power: multiply, or write the number out"
    if token.text == "=" and "COMPARISON" in acceptable:
        return EQUALITY
    if token.text == "==" and "_EQUALS" in acceptable:
        return EQUATION
    if token.text in TOKEN_HELP:
        return TOKEN_HELP[token.text]
    if token.text == "if":
        return "put the `if ... then ... else ...` in parentheses"
    if token.kind == "number" and "." in token.text and "INT" in acceptable:
        return "only whole numbers stand here"
    if token.kind == "word":
        keywords = [terminal.strip("_").lower() for terminal in acceptable if terminal.strip("_").lower().isalpha()]
        words = [word for word in keywords if word not in ("name", "int", "decimal", "comma", "colon", "string")]
        estimands = [*ESTIMAND_NAMES] if "ESTIMAND" in acceptable else []
        near = near_match(token.text, [*words, *estimands])
        if near is not None:
            return f"did you mean `{near}`?"
    return FORMS[keyword]
