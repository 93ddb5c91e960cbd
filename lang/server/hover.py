"""What an editor shows for the word under the cursor."""

from pathlib import Path

from ..diagnostics import SourcePart, Span
from ..domains import Domain
from ..parsing.scanner import file_doc
from ..program import Program
from ..record import record
from ..resolution.declared import Declared
from ..words.meanings import MEANINGS
from .analysis import Analysis
from .imported import find_import

LONGEST = 400
"""Characters of a declaration that are shown."""


@record
class Hover:
    """Markdown, and the word that it is about."""

    text: str
    span: Span


def hover(analysis: Analysis, offset: int) -> Hover | None:
    """The declaration behind a name, with its domain and doc string; of a word of the language, what it means."""
    found = analysis.resolution.at(offset)
    if found is not None:
        return Hover(describe(analysis, found.declared), found.span)
    imported = find_import(analysis, offset)
    if imported is not None:
        return Hover(_describe_file(analysis, imported.part), imported.span)
    for token in analysis.tokens:
        if token.kind == "word" and token.span.start <= offset <= token.span.end:
            meaning = MEANINGS.get(token.text)
            return Hover(f"`{token.text}`: {meaning}", token.span) if meaning is not None else None
    return None


def _describe_file(analysis: Analysis, part: SourcePart) -> str:
    """What an imported file says of itself."""
    doc = file_doc(analysis.source.text, part)
    return "\n\n".join([f"file `{part.path.name}`", *([doc] if doc else [])])


def describe(analysis: Analysis, declared: Declared) -> str:
    """A declaration in Markdown."""
    text = _outdented(analysis.source.text, declared.whole)
    if len(text) > LONGEST:
        text = text[:LONGEST].rstrip() + " ..."
    owner = f" of `{declared.owner}`" if declared.owner else ""
    place = analysis.place(declared.span).file
    imported = f", from `{Path(place).name}`" if place != analysis.file else ""
    parts = [f"{declared.kind} `{declared.name}`{owner}{imported}", f"```cspec\n{text}\n```"]
    program = analysis.checked.program if analysis.checked is not None else None
    domain = _domain(program, declared) if program is not None else None
    if domain is not None:
        parts.insert(1, f"values: {_values(domain)}")
    if declared.doc:
        parts.append(declared.doc)
    return "\n\n".join(parts)


def _outdented(text: str, span: Span) -> str:
    """A part of a text whose later lines stand as far to the left as its first."""
    before = text[text.rfind("\n", 0, span.start) + 1 : span.start]
    part = text[span.start : span.end]
    return part if before.strip() else part.replace(f"\n{before}", "\n")


def _domain(program: Program, declared: Declared) -> Domain | None:
    """The domain of an input, an output or a variable; of a family, its first member's."""
    if declared.kind in ("input", "output"):
        task = program.tasks.get(declared.owner)
        inputs = task.inputs if task is not None else ()
        outputs = (task.output,) if task is not None and task.output is not None else ()
        known = [(d.name, d.domain) for d in (*inputs, *outputs)]
    elif declared.kind == "variable":
        model = program.models.get(declared.owner)
        known = [(m.name, m.domain) for m in model.mechanisms] if model is not None else []
    else:
        return None
    named = [domain for name, domain in known if name == declared.name]
    members = [domain for name, domain in known if name.split("[")[0] == declared.name]
    return next(iter([*members[::-1], *named]), None) if len(members) > len(named) else next(iter(named), None)


def _values(domain: Domain) -> str:
    size = f"{domain.size:,} value" + ("" if domain.size == 1 else "s")
    return f"`{domain.name}` ({size})"
