"""Diagnoses as text: the smallest counterexamples, the regions of disagreement."""

import textwrap
from collections.abc import Iterator

from ..runtime.diagnosis.diagnosis import Counterexample, Diagnosis, Input, Region, Regions
from .page import INDENT, NARROWEST, Page

ROOM = 12
"""Lines that the diagnoses of one claim take at most, where not all is asked for."""
REGIONS = 4
LONGEST = 2 * NARROWEST
"""Characters of a counterexample's inputs; what is longer is cut."""


def render_diagnoses(diagnoses: tuple[Diagnosis, ...], page: Page, whole: bool) -> list[str]:
    """Lines on the estimands of one claim: `whole`, or at most twelve of them."""
    if whole:
        return [
            line
            for diagnosis in diagnoses
            for line in _render(diagnosis, page, len(diagnosis.counterexamples), REGIONS)
        ]
    for examples, regions in ((2, 4), (2, 2), (1, 2), (1, 1), (1, 0), (0, 0)):
        lines = [line for diagnosis in diagnoses for line in _render(diagnosis, page, examples, regions)]
        if len(lines) <= ROOM:
            return lines
    return lines[:ROOM]


def _render(diagnosis: Diagnosis, page: Page, examples: int, regions: int) -> list[str]:
    """One estimand, with so many counterexamples and regions; nothing where network and model agree throughout."""
    if not diagnosis.disagreements:
        return []
    items = f"{diagnosis.looked_at:,} {'sampled ' if diagnosis.sampled else ''}items"
    said = f"{diagnosis.quantity}: disagreement on {diagnosis.disagreements:,} of {items}"
    lines = page.wrap(said, INDENT)
    for example in _both_halves(diagnosis.counterexamples, examples):
        inputs, outputs = render_counterexample(example)
        lines += [*page.wrap(inputs, INDENT + 2), *page.wrap(outputs, INDENT + 5)]
    if regions and diagnosis.regions is not None:
        head, *found = _regions(diagnosis.regions, regions)
        lines += [*page.wrap(head, INDENT), *(line for text in found for line in page.wrap(text, INDENT + 2))]
    return lines


def render_counterexample(example: Counterexample) -> tuple[str, str]:
    """A counterexample as two texts: its inputs, and what both worlds make of them."""
    sources = ", ".join(
        f"source of {name} {_differences(example.base, source)}" for name, source in example.sources.items()
    )
    inputs = textwrap.shorten(
        f"#{example.number} base {show_input(example.base)}; {sources}", LONGEST, placeholder=" ..."
    )
    changes = ", ".join(f"{c.variable}: {c.base} -> {c.source}" for c in example.changes)
    model = f"model {example.model_before} -> {example.model_after}"
    return inputs, f"{changes}; {model}, network {example.network_before} -> {example.network_after}"


def show_input(values: Input) -> str:
    """`w = 0, x = 3`."""
    return ", ".join(f"{name} = {value}" for name, value in values.items())


def _differences(base: Input, source: Input) -> str:
    different = {name: value for name, value in source.items() if value != base[name]}
    return f"has {show_input(different)}" if different else "is the base"


def _both_halves(examples: tuple[Counterexample, ...], count: int) -> tuple[Counterexample, ...]:
    """The first ones, from both halves where both have some and there is room."""
    first = examples[:count]
    if count > 1 and len({example.half for example in first}) == 1:
        other = [example for example in examples if example.half != first[0].half]
        return (*first[:-1], *other[:1]) if other else first
    return first


def _regions(found: Regions, most: int) -> Iterator[str]:
    foretold = f"held out {found.held_out_accuracy:.3f}, majority {found.majority:.3f}"
    if not found.regions:
        yield f"no regions found that foretell it ({foretold})"
        return
    yield f"regions, each a new claim for fresh items ({foretold}):"
    for region in found.regions[:most]:
        yield _region(region)


def _region(region: Region) -> str:
    interval = f"[{region.low:.3f}, {region.high:.3f}]"
    return f"where {' and '.join(region.where)}: {region.estimate:.3f} {interval} of {region.n:,} items"
