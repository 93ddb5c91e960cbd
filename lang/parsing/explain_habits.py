"""An unexpected token that is right elsewhere, in Python or another notation -> how the same is written here."""

from ..diagnostics import Span
from ..record import record
from ..words.borrowed import DOMAINS, IN_EXPRESSIONS, LAYERS, RANGES, is_foreign_site, show_site
from ..words.keywords import READINGS
from .scanner import ScannedToken

COMMENT = "a comment starts with `#`"
SHARES = "shares are numbers from 0 to 1: `0.9`"
POINT = "a fraction is written with a point: `0.9`"
QUOTES = 'a site is written without quotes, `hidden[1]`; a module by its name is `module("model.layers.3") @ last`'
BRACKETS = "layers stand in square brackets: `hidden[1]`, `resid_post[3] @ last`"
POSITIONS = "a position is written `@ last`, `@ 3` or `@ {x}`: the token of the input `x`"
PARTS = "a slot is `@ {%s}` or `@ {%s}.last`, its last token, `@ {%s}.first` or `@ {%s}.all`; a member is `@ {x[1]}`"
LISTS = "there are no lists: what is looked up by a number is one family, `input x[2]: ...`, and is read by `x[i]`"
READ = (
    "a metric joins `%s(...)` by `+`, `-`, `*` and numbers, not by `sum`; many answers are scored by `table[x, answer]`"
)
SETTINGS = ("confidence", "seed", "budget", "controls")
SITE = "a site"
OPERAND = {"NAME", "INT", "MINUS", "_LPAR"}
"""What an expression may start with."""
AN_INPUT_EACH = "several inputs of one domain are `input a, b: 0..9`; another domain takes another line `input`"


@record
class Habit:
    """What is to be underlined, the help, and what should stand there (empty: what the grammar would have taken)."""

    span: Span
    help: str
    expected: str = ""


def explain_habit(keyword: str, tokens: tuple[ScannedToken, ...], at: int, acceptable: frozenset[str]) -> Habit | None:
    """The habit behind the unexpected token `tokens[at]` of a declaration; None if none is known."""
    token, before = tokens[at], tokens[at - 1]
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    if (sign := _comment(tokens, at)) is not None:
        return Habit(sign, COMMENT)
    if token.text == "=" and after is not None and after.text == ">" and after.start == token.span.end:
        arrow = "_ARROW" in acceptable
        return Habit(Span(token.start, after.span.end), "write `->`" if arrow else "write `>=`")
    if token.text == "=" and keyword in ("network", "settings") and "_COLON" in acceptable:
        return Habit(token.span, f"what a name is set to follows a colon: `{before.text}: ...`", "`:`")
    if token.text in SETTINGS and token.leads and after is not None and after.text in (":", "=", "{"):
        return Habit(token.span, f"`{token.text}` stands in a block of its own: `settings {{ {token.text}: ... }}`")
    if token.kind == "string" and before.text == "@":
        return Habit(token.span, POSITIONS)
    if token.text == "%" and before.kind == "number":
        return Habit(token.span, SHARES)
    numbers = after is not None and before.kind == after.kind == "number"
    if token.text == "," and keyword == "claim" and numbers:
        return Habit(token.span, POINT)
    if token.text == "," and keyword == "task" and "INPUT" in acceptable:
        return Habit(token.span, AN_INPUT_EACH)
    if token.text in ("-", ":", "<", "[", "(") and _wants_range(token, before, acceptable):
        return Habit(token.span, DOMAINS if token.text in "[(" else RANGES)
    if token.text == "[" and acceptable >= OPERAND:
        return Habit(token.span, LISTS)
    if token.text == "(" and keyword == "task" and before.text in READINGS:
        return Habit(before.span, READ % before.text, "a value")
    if keyword in ("align", "circuit", "graph", "claim"):
        return _slot_part(tokens, at) or _site(tokens, at, acceptable)
    return _side_by_side(tokens, at, acceptable) if keyword == "model" else None


def _side_by_side(tokens: tuple[ScannedToken, ...], at: int, acceptable: frozenset[str]) -> Habit | None:
    """A word after an expression, which the grammar took for the next equation's name: `total mod 7`."""
    word, before = tokens[at - 1], tokens[at - 2]
    if not acceptable <= {"_COLON", "_EQUALS", "_LBRACKET"} or "_EQUALS" not in acceptable or at < 5:
        return None
    if word.kind != "word" or word.leads or before.text in ("{", "}", ",", "for"):
        return None
    help = IN_EXPRESSIONS.get(word.text, "join the two by an operator, or start a line for the next equation")
    return Habit(word.span, help, "an operator or a new line")


def _slot_part(tokens: tuple[ScannedToken, ...], at: int) -> Habit | None:
    """What follows `@ {x}` in other notations: `@ {x}[1]`, `@ {x} + 1`."""
    if tokens[at].text not in ("[", "+", "-") or tokens[at - 1].text != "}":
        return None
    opened = next((i for i in range(at - 1, 0, -1) if tokens[i].text == "{"), 0)
    if tokens[opened - 1].text != "@":
        return None
    name = "".join(token.text for token in tokens[opened + 1 : at - 1])
    return Habit(tokens[at].span, PARTS.replace("%s", name))


def _comment(tokens: tuple[ScannedToken, ...], at: int) -> Span | None:
    """The sign that starts a comment elsewhere, at the start of the unexpected token's line or of the one before."""
    leading = [i for i in range(at, -1, -1) if tokens[i].leads or i == 0]
    for first in leading[:2]:
        text = "".join(token.text for token in tokens[first : first + 2])
        if text.startswith(("//", "--", "/*")):
            return Span(tokens[first].start, tokens[first].start + 2)
    return None


def _site(tokens: tuple[ScannedToken, ...], at: int, acceptable: frozenset[str]) -> Habit | None:
    """A place in the notation of another tool: `blocks.3.attn`, `layer=3`, `hidden(1)`, `"hidden[1]"`."""
    token, before = tokens[at], tokens[at - 1]
    if token.kind == "string" and before.text in ("at", "in"):
        return Habit(token.span, QUOTES, SITE)
    if before.text == "(" and token.kind == "number" and acceptable == {"STRING"}:
        return Habit(token.span, BRACKETS, "`[`")
    first = at
    while first > 0 and tokens[first - 1].span.end == tokens[first].start and _in_path(tokens[first - 1]):
        first -= 1
    last = at
    while last + 1 < len(tokens) and tokens[last + 1].start == tokens[last].span.end and _in_path(tokens[last + 1]):
        last += 1
    path = "".join(token.text for token in tokens[first : last + 1])
    if token.kind == "number" and token.text.startswith(".") and tokens[first].kind == "word":
        return Habit(Span(tokens[first].start, tokens[last].span.end), show_site(path), SITE)
    named = token.text == "=" and before.text.lower() in LAYERS
    if named or (token.kind == "number" and is_foreign_site(before.text)):
        return Habit(Span(before.start, tokens[last].span.end), show_site(path), SITE)
    return None


def _in_path(token: ScannedToken) -> bool:
    return token.kind in ("word", "number") or token.text in (".", "=")


def _wants_range(token: ScannedToken, before: ScannedToken, acceptable: frozenset[str]) -> bool:
    """Whether a domain or dims should stand here."""
    if token.text in ("[", "("):
        return {"_LBRACE", "INT"} <= acceptable
    return "_RANGE" in acceptable or (before.text in ("..", "[") and bool({"INT", "STAR"} & acceptable))
