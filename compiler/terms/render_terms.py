"""Terms as text, in the notation of the algebra: what `cspec compile --emit terms` shows."""

from fractions import Fraction
from typing import Any

from .algebra import (
    Agree,
    Amount,
    Apart,
    Assignment,
    Candidate,
    Cell,
    CodeOf,
    Differ,
    Distance,
    Estimate,
    Expectation,
    Found,
    Gain,
    Handle,
    Here,
    MeanOver,
    MetricOf,
    ModelWorld,
    Noise,
    Number,
    OutputOf,
    Plus,
    Query,
    RandomCells,
    RandomVector,
    ReadsRight,
    Resampled,
    Rest,
    Run,
    Score,
    Sum,
    Value,
    ValueOf,
    World,
    WrongReads,
)


def render(term: Estimate | Score | Query | Run, indent: int = 0) -> str:
    """A term as text, over several lines where it is long."""
    pad = " " * indent
    match term:
        case Sum(constant=constant, terms=terms):
            parts = [f"{_coefficient(c)}{render(e, indent)}" for c, e in terms]
            if constant or not parts:
                parts.append(str(constant))
            return f"\n{pad}+ ".join(parts)
        case Expectation(score=score, population=population):
            return f"E[ {render(score, indent + 3)}\n{pad} | {population} ]"
        case Agree(left=left, right=right) | ReadsRight(left=left, right=right):
            return _two("agree", left, right, pad)
        case Gain(left=left, right=right):
            return f"{render(left)}\n{pad}- {render(right)}"
        case Differ(left=left, right=right):
            return _two("differ", left, right, pad)
        case Apart(left=left, right=right):
            return _two("dist", left, right, pad)
        case WrongReads(left=left, right=right):
            return f"wrong_reads( {render(left)},\n{pad}             {render(right)}; rest shuffled )"
        case Distance(run=run):
            return f"dist( {render(run)}, natural )"
        case Amount(query=query):
            return render(query)
        case OutputOf(variable=variable, run=run):
            return f"{variable} of {render(run)}"
        case MetricOf(metric=metric, run=run):
            return f"{metric} of {render(run)}"
        case ValueOf(variable=handle, run=run):
            return f"{render_handle(handle)} of {render(run)}"
        case Run(world=world, input=source, assignments=assignments, within_set=within):
            inner = ", ".join(_assignment(assignment, world) for assignment in assignments)
            changes = f", {{{inner}}}{' within S' if within else ''}" if assignments else ""
            return f"run[{_world(world)}](x{source}{changes})"


def render_handle(handle: Handle) -> str:
    """A handle as a term names it."""
    match handle:
        case str():
            return handle
        case Cell(site=site):
            return site
        case Candidate():
            return "it"
        case Found(name=name, count=count, region=region):
            return f"{name} (top {count} of {region})"
        case Rest(name=name):
            return f"rest({name})"
        case RandomCells(name=name, draw=draw):
            return f"random({name}, {draw})"


def _two(word: str, left: Any, right: Any, pad: str) -> str:
    return f"{word}( {render(left)},\n{pad}{' ' * len(word)}  {render(right)} )"


def _assignment(assignment: Assignment, world: World) -> str:
    readers = "" if assignment.readers is None else f" => {{{', '.join(assignment.readers)}}}"
    return f"{render_handle(assignment.target)}{readers} := {_value(assignment.value, world)}"


def _value(value: Value, world: World) -> str:
    """A value that is assigned in a world: a run of the same one does not repeat it."""
    match value:
        case ValueOf(variable=handle, run=run, through=through):
            inner = ", ".join(_assignment(assignment, run.world) for assignment in run.assignments)
            changes = f", {{{inner}}}" if inner else ""
            where = "run" if run.world == world else f"run[{_world(run.world)}]"
            by = "" if through is None else f" through {through}"
            return f"{render_handle(handle)} of {where}(x{run.input}{changes}){by}"
        case CodeOf(variable=variable, code=code):
            return f"code({variable}, {code})"
        case Number(value=number):
            return _number(number)
        case MeanOver(handle=handle):
            return f"mean({render_handle(handle)})"
        case Resampled(handle=handle, draw=draw):
            return f"resample({render_handle(handle)}, {draw})"
        case Here(handle=handle):
            return f"here({render_handle(handle)})"
        case Noise(sigma=sigma, draw=draw):
            return f"noise({_number(sigma)}, {draw})"
        case RandomVector(like=like, draw=draw):
            return f"random_like({_value(like, world)}, {draw})"
        case Plus(left=left, factor=factor, right=right):
            added = f"{_coefficient(factor)}{_value(right, world)}"
            return added if left is None else f"{_value(left, world)} + {added}"


def _world(world: World) -> str:
    if isinstance(world, ModelWorld):
        return world.model
    network = f"random({world.network})" if world.random else world.network
    return network if world.alignment is None else f"{network} via {world.alignment}"


def _coefficient(coefficient: Fraction) -> str:
    return "" if coefficient == 1 else "-1 * " if coefficient == -1 else f"{_number(coefficient)} * "


def _number(number: Fraction) -> str:
    """A decimal where it is exact in at most six digits, else a fraction."""
    text = f"{float(number):g}"
    return text if Fraction(text) == number else str(number)
