"""What may stand at the cursor: the words of the place, and names of the right kind.

The place is found from the tokens before the cursor, since a line that is being typed rarely parses.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from ..parsing.scanner import CLOSING, OPENING, ScannedToken
from ..record import record
from ..resolution.declared import LOCAL, Declared
from ..sites.components import components_of
from ..words import keywords
from ..words.meanings import MEANINGS
from .analysis import Analysis


@record
class Proposal:
    """A word, what kind of thing it is, and a sentence about it; of a name, also without its file, and that file."""

    word: str
    kind: str
    detail: str = ""
    name: str = ""
    file: str = ""


@record
class _Place:
    """The tokens of the declaration up to the cursor, without the word that is being typed; `depth` counts braces."""

    before: tuple[ScannedToken, ...]
    depth: int

    @property
    def keyword(self) -> str:
        return self.before[0].text if self.before else ""

    def back(self, count: int = 1) -> str:
        """The text of a token before the cursor."""
        return self.before[-count].text if len(self.before) >= count else ""


def complete(analysis: Analysis, offset: int) -> tuple[Proposal, ...]:
    """Everything that may stand at an offset, each word once."""
    if _in_text(analysis, offset):
        return ()
    place = _find_place(analysis, offset)
    found: dict[str, Proposal] = {}
    part = analysis.imported_as(place.back(2)) if place.back() == "." else None
    if part is not None:  # what would stand here without the file's name, of that file
        place = _Place(place.before[:-2], place.depth)
    for proposal in _propose(analysis, place, offset):
        if part is None or proposal.file == part.identity:
            found.setdefault(proposal.word if part is None else proposal.name, proposal)
    return tuple(replace(proposal, word=word) for word, proposal in found.items())


def _in_text(analysis: Analysis, offset: int) -> bool:
    """Whether the cursor is in a comment, a text or a doc string."""
    line = analysis.text[analysis.text.rfind("\n", 0, offset) + 1 : offset]
    for token in analysis.tokens:
        if token.kind in ("string", "doc") and token.start < offset < token.span.end:
            return True
        if token.kind in ("open_string", "open_doc") and token.start < offset <= token.span.end:
            return True
    hash_sign = line.find("#")
    return hash_sign >= 0 and line.count('"', 0, hash_sign) % 2 == 0


def _find_place(analysis: Analysis, offset: int) -> _Place:
    tokens = [t for t in analysis.tokens if t.start < offset and not (t.kind == "word" and offset <= t.span.end)]
    start, depth = 0, 0
    for index, token in enumerate(tokens):
        at_margin = token.start == 0 or analysis.text[token.start - 1] == "\n"
        if at_margin and token.text in keywords.DECLARATIONS:
            start, depth = index, 0
        elif token.kind == "symbol" and token.text == "{":
            depth += 1
        elif token.kind == "symbol" and token.text == "}":
            depth -= 1
    line = analysis.text[analysis.text.rfind("\n", 0, offset) + 1 : offset]
    if depth <= 0 and tokens and not line[:1].isspace() and line.strip(" \t").isidentifier() | (not line.strip()):
        return _Place((), 0)
    return _Place(_join_qualified(analysis, tokens[start:]), depth)


def _join_qualified(analysis: Analysis, tokens: list[ScannedToken]) -> tuple[ScannedToken, ...]:
    """The tokens with each `tasks.equality` as one, of the name by which the tree knows what it means."""
    joined: list[ScannedToken] = []
    for token in tokens:
        part = None
        if len(joined) > 1 and joined[-1].text == "." and token.kind == "word":
            part = analysis.imported_as(joined[-2].text)
        if part is not None:
            del joined[-2:]
            means = (d for d in analysis.resolution.declared if analysis.place(d.span).file == part.identity)
            name = next((d.name for d in means if analysis.word(d) == token.text), token.text)
            token = replace(token, text=name)
        joined.append(token)
    return tuple(joined)


def _propose(analysis: Analysis, place: _Place, offset: int) -> Iterator[Proposal]:
    names = _Names(analysis)
    match place.keyword:
        case "":
            yield from _words(keywords.DECLARATIONS)
        case "model" | "pairs" if place.back() == "for":
            yield from names.of("task")
        case "align" if place.depth == 0:
            if place.back() == ":":
                yield from names.of("model")
            elif place.back() == "->":
                yield from names.of("network")
            elif place.back() in ("over", ","):
                yield from names.of("pairs")
            else:
                yield from _words(("over",))
        case "align":
            yield from _in_align(names, place)
        case "claim":
            yield from _in_claim(names, place)
        case "model":
            yield from names.within(place.before[1].text if len(place.before) > 1 else "", "model")
            yield from _expression_words()
        case "task":
            if _starts_line(analysis, place, offset):
                yield from _words(keywords.STATEMENTS["task"])
            elif place.back() == ":":
                yield from names.of("type")
                yield from _words(keywords.TYPES)
            else:
                yield from names.within(place.before[1].text if len(place.before) > 1 else "", "task")
                yield from _expression_words()
        case "pairs":
            yield from _in_pairs(analysis, names, place, offset)
        case "network" if place.back() == "=":
            yield from _words(keywords.LOADERS)
        case "graph" if place.back() == "on":
            yield from names.of("network")
        case "circuit" if place.back() in ("{", ",", "of"):
            yield from _words(components_of(names.loader()))
        case keyword:
            yield from _words(keywords.STATEMENTS.get(keyword, ()))
            yield from names.everything()


def _in_align(names: "_Names", place: _Place) -> Iterator[Proposal]:
    before = place.back()
    if before == "via":
        yield from _words(keywords.FAMILIES)
    elif before in ("at", "in"):
        yield from _words(components_of(names.loader(place)))
        yield from names.of("align")
    elif before == ".":
        yield from names.placed(place.back(2))
    elif before in ("@", "["):
        yield from _words(("last", "all"))
    elif before == "size":
        yield from _words(("learned",))
    else:
        model = place.before[3].text if len(place.before) > 3 else ""
        yield from names.variables(model)
        yield from _words(("fit", "for", "at", "in", "via", "size"))


def _in_claim(names: "_Names", place: _Place) -> Iterator[Proposal]:
    before, opener = place.back(), _opener(place.before)
    if before == "expect":
        yield from _words(keywords.OUTCOMES)
    elif before == ".":
        yield from names.placed(place.back(2))
    elif before == "via":
        yield from _words(keywords.FAMILIES)
    elif before == "over":
        yield from names.of("pairs")
    elif before == "on" or (before == "(" and opener == "accuracy"):
        yield from names.of("network")
        yield from _words(("random",))
    elif before == "(" and opener == "mean":
        yield from names.of("metric")
    elif before == "(" and opener == "random":
        yield from names.of("network", "circuit")
    elif before == "(" and opener in ("effect", "change"):
        yield from names.of("circuit", "node", "align", "input")
        yield from _words(components_of(names.loader()))
    elif before == "(" and opener in keywords.ESTIMANDS:
        yield from names.of("align")
    elif before == "->":
        yield from names.of("variable", "metric", "node", "output")
    elif opener:
        yield from _words(keywords.CLAUSES["claim"])
    elif before in (":", ">=", "<=", "==", "+", "-", "*", "and"):
        yield from _words((*keywords.ESTIMANDS, "all"))
    else:
        yield from _words(("and", *keywords.CLAUSES["claim"]))


def _in_pairs(analysis: Analysis, names: "_Names", place: _Place, offset: int) -> Iterator[Proposal]:
    task = place.before[3].text if len(place.before) > 3 else ""
    models = [d.name for d in names.declared("model") if getattr(getattr(d.node, "task", None), "text", "") == task]
    readable = [*names.within(task, "task"), *(p for model in models for p in names.variables(model))]
    if place.back() == ".":
        yield from readable
        yield from _words(("correct",))
    elif _starts_line(analysis, place, offset):
        yield from _words(keywords.STATEMENTS["pairs"])
    else:
        yield from readable
        yield from _words(("base", "source", "correct"))
        yield from _expression_words()


def _opener(tokens: tuple[ScannedToken, ...]) -> str:
    """The word before the innermost parenthesis that is open."""
    depth = 0
    for index in range(len(tokens) - 1, 0, -1):
        if tokens[index].kind != "symbol":
            continue
        depth += (tokens[index].text in CLOSING) - (tokens[index].text in OPENING)
        if depth < 0:
            return tokens[index - 1].text
    return ""


def _starts_line(analysis: Analysis, place: _Place, offset: int) -> bool:
    line = analysis.text[analysis.text.rfind("\n", 0, offset) + 1 : offset]
    return place.back() == "{" or not line.strip() or (line.strip().isidentifier() and line[:1].isspace())


def _words(words: Iterable[str]) -> Iterator[Proposal]:
    for word in words:
        yield Proposal(word, "keyword", MEANINGS.get(word, ""))


def _expression_words() -> Iterator[Proposal]:
    yield from _words((*keywords.OPERATORS, "true", "false", "min", "max", "abs", "sum", "any", "all", "count"))


class _Names:
    """Names of the file, by kind."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis

    def declared(self, *kinds: str) -> list[Declared]:
        return [d for d in self.analysis.resolution.declared if d.kind in kinds]

    def of(self, *kinds: str) -> Iterator[Proposal]:
        """Everything of some kinds; what cannot be read at the moment is known by name."""
        yield from self._proposals(self.declared(*kinds))
        yield from (Proposal(b.name, b.keyword) for b in self.analysis.tree.broken if b.keyword in kinds)

    def within(self, owner: str, kind: str) -> Iterator[Proposal]:
        """What an expression in a task or a model can read: variables, inputs, symbols."""
        if kind == "model":
            yield from self.variables(owner)
            tasks = [getattr(d.node, "task", None) for d in self.declared("model") if d.name == owner]
            owners = {getattr(task, "text", "") for task in tasks} or {d.name for d in self.declared("task")}
        else:
            owners = {owner}
        yield from self._proposals(d for d in self.declared("input", "output") if d.owner in owners)
        yield from self.of("symbol", "table", "fn")

    def variables(self, model: str) -> Iterator[Proposal]:
        yield from self._proposals(d for d in self.declared("variable") if d.owner == model)
        task = next((getattr(d.node, "task", None) for d in self.declared("model") if d.name == model), None)
        yield from self._proposals(d for d in self.declared("output") if d.owner == getattr(task, "text", ""))

    def placed(self, alignment: str) -> Iterator[Proposal]:
        """The variables of an alignment's model; those of the task for `base.` and `source.`."""
        found = self.analysis.resolution.find("align", alignment)
        if found is not None:
            yield from self.variables(found.node.model.text)

    def loader(self, place: _Place | None = None) -> str | None:
        """What reads the network of an alignment, or of a file whose networks are all of one kind; None: unknown."""
        named = next((b.text for a, b in pairwise(place.before) if a.text == "->"), None) if place is not None else None
        nodes = [d.node for d in self.declared("network") if named is None or d.name == named]
        loaders = {getattr(getattr(node, "loader", None), "text", None) for node in nodes}
        return loaders.pop() if len(loaders) == 1 else None

    def everything(self) -> Iterator[Proposal]:
        yield from self._proposals(d for d in self.analysis.resolution.declared if d.kind not in LOCAL)

    def _proposals(self, found: Iterable[Declared]) -> Iterator[Proposal]:
        """Names as this file can write them: what several files declare, by the name of its import."""
        for declared in found:
            place = self.analysis.place(declared.span)
            name = self.analysis.word(declared)
            word = declared.name
            if word != name and place.file != self.analysis.file:
                part = self.analysis.source.part_at(0)
                alias = next((alias for alias, identity in part.imports if identity == place.file), None)
                if alias is None:  # it has no name here
                    continue
                word = f"{alias}.{name}"
            detail = f"{declared.kind} of {declared.owner}" if declared.owner else ""
            yield Proposal(word, declared.kind, detail, name, place.file)
