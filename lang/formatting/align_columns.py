"""Lines of statements -> the same lines with their columns one below the other.

Neighbours with the same columns are aligned, unless a line would become much longer than it is; the words that open the
lines of a block, and comments behind neighbouring lines, are too.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from .lines import WIDTH, Line, Stop

SHORTEST = 0.4
"""The head of a line is never shorter than this part of the column that it is aligned to."""


def align_columns(lines: list[Line]) -> list[Line]:
    """Every line with its columns and its comment in place."""
    lines = _align_words(lines)
    depth = 0
    while any(len(line.stops) > depth for line in lines):
        for run in _runs(lines, depth):
            lines = _align_stop(lines, run, depth)
        depth += 1
    return _align_comments(lines)


def _align_words(lines: list[Line]) -> list[Line]:
    """The words that open the lines of a block, whatever stands between them."""
    blocks: dict[int, list[int]] = {}
    for number, line in enumerate(lines):
        if line.stops and line.stops[0].kind == "word":
            blocks.setdefault(line.group, []).append(number)
    for run in blocks.values():
        lines = _align_stop(lines, run, 0)
    return lines


def _runs(lines: list[Line], depth: int) -> Iterator[list[int]]:
    """Neighbouring lines whose columns agree up to a depth."""
    run: list[int] = []
    for number, line in enumerate(lines):
        kinds = _kinds(line, depth)
        if run and (line.blank or kinds != _kinds(lines[run[-1]], depth) or line.group != lines[run[-1]].group):
            yield run
            run = []
        if len(kinds) > depth:
            run.append(number)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _kinds(line: Line, depth: int) -> tuple[str, ...]:
    return tuple(stop.kind for stop in line.stops[: depth + 1])


def _align_stop(lines: list[Line], run: Iterable[int], depth: int) -> list[Line]:
    """One column of some lines moved to the furthest; nothing where lines would become too long."""
    run = list(run)
    columns = [lines[number].stops[depth].column for number in run]
    target = max(columns)
    too_long = any(lines[n].width + target - column > WIDTH for n, column in zip(run, columns, strict=True))
    if min(columns) == target or min(columns) < SHORTEST * target or too_long:
        return lines
    moved = list(lines)
    for number in run:
        moved[number] = _move(lines[number], depth, target)
    return moved


def _move(line: Line, depth: int, target: int) -> Line:
    column = line.stops[depth].column
    pad = target - column
    text = line.text[:column] + " " * pad + line.text[column:]
    later = tuple(Stop(stop.kind, stop.column + pad) for stop in line.stops[depth:])
    return replace(line, text=text, stops=line.stops[:depth] + later)


def _align_comments(lines: list[Line]) -> list[Line]:
    """Comments behind neighbouring lines in one column, the longest line's gap away."""
    placed: list[Line] = []
    run: list[Line] = []
    for line in [*lines, Line(0, "")]:
        if line.comment and not (run and line.blank):
            run.append(line)
            continue
        placed += _place_comments(run)
        run = [line] if line.comment else []
        placed += [] if line.comment else [line]
    return placed[:-1]


def _place_comments(run: list[Line]) -> list[Line]:
    if not run:
        return []
    gap = min(line.gap or 2 for line in run)
    column = max(line.width for line in run) + gap
    return [
        replace(line, text=line.text + " " * (column - line.width) + line.comment, comment="", gap=0) for line in run
    ]
