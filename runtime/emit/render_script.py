"""From a repetition to the text of a script that runs without cspec."""

import json
import re
import textwrap
from collections.abc import Iterable
from importlib.metadata import version

from .render_network import render_network
from .repetition import CountedCell, Place, Repetition
from .script_template import OVERALL_SAMPLED, OVERALL_WHOLE, SCRIPT

WIDTH = 108


def render_script(repetition: Repetition, data: str) -> str:
    """The script; `data` is the Python expression of the path of its tensors."""
    network, sampled = render_network(repetition), repetition.cells[0].weight is None
    parts = {
        "ABOUT": "\n".join(_comments(repetition)),
        "IMPORTS": network.imports,
        "NETWORK_PATH": _quoted(str(repetition.network.path.resolve())),
        "DATA_PATH": data,
        "PLACES": _rows(f"{_quoted(p.variable)}: ({_quoted(p.component)}, {p.width})" for p in repetition.places),
        "RANGES": _rows(
            f"{_quoted(p.variable)}: {[list(each) for each in p.ranges]}" for p in repetition.places if p.ranges
        ),
        "AMONG": repr([None if classes is None else list(classes) for classes in repetition.among]),
        "FIELDS": "interchanged, half, agreed, items" + ("" if sampled else ", weight"),
        "CELLS": _rows(_cell(cell) for cell in repetition.cells),
        "BATCH": str(repetition.batch),
        "ESTIMATE": repr(repetition.estimate),
        "NETWORK_CODE": network.code,
        "ROWS": network.rows,
        "OVERALL": OVERALL_SAMPLED if sampled else OVERALL_WHOLE,
    }
    # in one pass, so that nothing is replaced in what a spec's author wrote
    return re.sub(r"<([A-Z_]+)>", lambda found: parts[found[1]], SCRIPT)


def _comments(repetition: Repetition) -> list[str]:
    """What the script is, as comments: texts of a spec may hold quotes, which would end a doc string."""
    paragraphs = [
        f"{repetition.estimand} of the claim `{repetition.claim}` of {repetition.spec}, repeated with pyvene alone.",
        f"The claim: {' '.join(repetition.claim_text.split())}",
        *(_place(place) for place in repetition.places),
        f"Written by cspec {version('cspec')} (`cspec compile --emit pyvene`), of a result of its engine"
        f" `{repetition.engine}`. Needs torch, safetensors, pyvene 0.1.8"
        + ("." if not render_network(repetition).imports else ", transformers."),
    ]
    if repetition.near_ties:
        paragraphs.append(
            f"{repetition.near_ties} items have two best logits closer than 1e-4, which rounding can turn round."
        )
    return [
        line
        for text in paragraphs
        for line in textwrap.wrap(text, WIDTH, initial_indent="# ", subsequent_indent="#   ")
    ]


def _place(place: Place) -> str:
    if place.frame is not None:
        count = place.frame.shape[1]
        return f"`{place.variable}` lives in {count} direction{'s' * (count > 1)} of {place.site}."
    ranges = ", ".join(f"{a}..{b - 1}" if b > a + 1 else str(a) for a, b in place.ranges)
    return f"`{place.variable}` lives in the dims {ranges} of the module at {place.site}."


def _rows(rows: Iterable[str]) -> str:
    return "".join(f"    {row},\n" for row in rows)


def _cell(cell: CountedCell) -> str:
    names = ", ".join(_quoted(name) for name in cell.set)
    half = None if cell.half is None else _quoted(cell.half)
    weight = "" if cell.weight is None else f", {float(cell.weight)!r}"
    return f"(({names},), {half}, {cell.right}, {cell.n}{weight})"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
