"""The plan as text and as plain JSON values: every step, what it does, which steps it reads, and what it costs."""

import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ..plan import CaptureStep, EvaluateStep, FitStep, GraphStep, Plan, RankStep, Step
from ..schedule import say_schedule
from .describe_steps import describe
from .estimate_memory import Memory
from .price_plan import PlanPrice, Replied, Stored, price_plan
from .prices import Price, add_prices

SHOWN = 8
"""How many hexadecimal digits of a key are printed: enough to tell a plan's steps apart."""
WIDTH = 100
"""Columns, where nobody says how many there are."""
_INDENT = " " * 20


def render_plan(plan: Plan, stored: Stored | None = None, width: int = WIDTH, replied: Replied | None = None) -> str:
    """The steps in an order in which they can run; then how they run, what is left of it, and the memory.

    `stored` is what a store has of them, `replied` what it has of generated texts; None where nobody looked.
    """
    price = price_plan(plan, stored, replied)
    known = "" if stored is None else f", {sum(key in price.stored for key in plan.graph)} of them in the store"
    maps = "" if plan.fitted_by == plan.engine else f", maps fitted by {plan.fitted_by}"
    lines = [f"plan {plan.key[:SHOWN]} on the engine {plan.engine}{maps}: {len(plan.graph)} steps{known}", ""]
    for step in plan.steps():
        if not _is_folded(plan, step):
            lines += _render_step(plan, step, price, width)
    lines += ["", *_render_schedules(plan, width), "", *_render_totals(price, stored is not None, width)]
    return "\n".join([*lines, *_render_memory(price.memory, width)]) + "\n"


def _render_step(plan: Plan, step: Step, price: PlanPrice, width: int) -> list[str]:
    """A step, what it costs, and the steps that it reads; on one line where they fit."""
    folded = [key for key in plan.needs(step.key) if _is_folded(plan, plan.step(key))]
    own = add_prices(price.steps.get(key, Price()) for key in (step.key, *folded))
    stored = [_say_stored(step.key, price.stored)]
    if folded:
        known = sum(key in price.stored for key in folded)
        stored = [f"{len(folded)} evaluations that share their runs" + (f", {known} stored" if known else "")]
    remarks = [*stored, _say(own)]
    needs = " ".join(dict.fromkeys(key[:SHOWN] for key in _needs(plan, step, folded)))
    said = [
        describe(step, _readers(plan, step)),
        "; ".join(remark for remark in remarks if remark),
        f"<- {needs}" if needs else "",
    ]
    lines, head = list[str](), f"{step.key[:SHOWN]}  {step.kind:<8}  "
    for text in (text for text in said if text):
        if lines and len(lines[-1]) + 2 + len(text) <= width and not remarks[-1]:
            lines[-1] += f"  {text}"
        else:
            lines += textwrap.wrap(text, width, initial_indent=_INDENT if lines else head, subsequent_indent=_INDENT)
    return lines


def _is_folded(plan: Plan, step: Step) -> bool:
    """Whether a step is printed as part of what needs it: the evaluations that graphs alone need are many."""
    readers = _readers(plan, step) if isinstance(step, EvaluateStep) else []
    return bool(readers) and all(isinstance(reader, GraphStep) for reader in readers)


def _needs(plan: Plan, step: Step, folded: Sequence[str]) -> list[str]:
    """The steps that a step reads, by way of those that are folded into it."""
    own = [key for key in plan.needs(step.key) if key not in folded]
    return [*own, *(key for fold in folded for key in plan.needs(fold))]


def _readers(plan: Plan, step: Step) -> list[Step]:
    return [plan.step(key) for key in plan.serves(step.key)]


def _render_schedules(plan: Plan, width: int) -> list[str]:
    """How fits and evaluations run, each way once."""
    runners = [step for step in plan.steps() if isinstance(step, FitStep | EvaluateStep)]
    lines = list[str]()
    for kind, word in (("Fit", "fits"), ("Evaluate", "evaluations")):
        for schedule in dict.fromkeys(say_schedule(step.schedule) for step in runners if step.kind == kind):
            lines += textwrap.wrap(f"{word}: {schedule}", width, subsequent_indent="  ")
    return lines


def _say_stored(key: str, stored: Stored) -> str:
    if key not in stored:
        return ""
    items = stored[key]
    return "stored" if items is None else f"stored: {items:,} items"


def _say(price: Price) -> str:
    passes = {"clean": price.clean, "forward": price.forward, "backward": price.backward}
    said = [f"{count:,} {way}" for way, count in passes.items() if count]
    return ", ".join([*said, f"{_scaled(price.flops)}FLOP"] if price.flops else said)


def _render_totals(price: PlanPrice, looked: bool, width: int) -> list[str]:
    """A table: a row for the claims and one for every control."""
    rows = [("the claims", price.claims)]
    if price.controls:
        rows += [(f"  {name}", one) for name, one in price.controls.items()]
        rows.insert(1, ("their controls", price.all_controls))
    rows += [(f"graph {name}", one) for name, one in price.graphs.items()]
    if len(rows) > 1:
        rows.append(("in all", price.whole))
    cells = [("", "clean", "forward", "backward", "FLOPs")]
    for name, one in rows:
        cells.append((name, f"{one.clean:,}", f"{one.forward:,}", f"{one.backward:,}", _scaled(one.flops).strip()))
    left = "passes through networks that are left to run" if looked else "passes through networks"
    lines = [f"{left}, at most:", *_align(cells)]
    if price.unknown:
        text = f"FLOPs without those of {', '.join(price.unknown)}, whose layers are not known"
        lines += textwrap.wrap(text, width, subsequent_indent="  ")
    return lines


def _align(cells: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return [
        "  " + "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in cells
    ]


def _render_memory(memory: Memory, width: int) -> list[str]:
    parts = {
        "libraries": memory.libraries,
        "items": memory.items,
        "weights": memory.weights,
        "captures": memory.captures,
        "a batch": memory.batch,
    }
    said = ", ".join(f"{name} {_mebibytes(size)}" for name, size in parts.items())
    files = f"; captures of {_mebibytes(memory.in_files)} in files" if memory.in_files else ""
    text = f"memory, estimated: {_mebibytes(memory.peak)} ({said}){files}"
    return textwrap.wrap(text, width, subsequent_indent="  ")


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB" if size >= 10 * 2**20 else f"{size / 2**20:.1f} MiB"


def _scaled(flops: int) -> str:
    """Three digits with the unit's prefix: `1.23 G`."""
    for prefix, unit in (("P", 10**15), ("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if flops >= unit:
            return f"{flops / unit:.3g} {prefix}"
    return f"{flops} "


def plan_table(plan: Plan, stored: Stored | None = None, replied: Replied | None = None) -> dict[str, Any]:
    """The plan as plain values, keys whole; `passes` through networks and FLOPs are the most that is left to run."""
    price = price_plan(plan, stored, replied)
    steps = [
        {
            "key": step.key,
            "kind": step.kind,
            "what": describe(step, _readers(plan, step)),
            "needs": list(plan.needs(step.key)),
            "passes": asdict(price.steps.get(step.key, Price())),
        }
        | _table_runs(plan, step)
        | _table_stored(step, stored)
        for step in plan.steps()
    ]
    passes = {
        "claims": asdict(price.claims),
        "controls": {name: asdict(one) for name, one in price.controls.items()},
        "all_controls": asdict(price.all_controls),
        "graphs": {name: asdict(one) for name, one in price.graphs.items()},
        "whole": asdict(price.whole),
    }
    return {
        "key": plan.key,
        "engine": plan.engine,
        "fitted_by": plan.fitted_by,
        "claims": list(plan.claims),
        "graphs": list(plan.graphs),
        "steps": steps,
        "passes": passes,
        "memory": asdict(price.memory) | {"peak": price.memory.peak},
        "unknown": list(price.unknown),
    }


def _table_runs(plan: Plan, step: Step) -> dict[str, Any]:
    """How a step runs networks: its schedule, or where a capture's runs stop and whom it serves."""
    match step:
        case FitStep() | EvaluateStep():
            return {"schedule": asdict(step.schedule)}
        case RankStep():
            return {"schedule": asdict(step.measure.schedule)}
        case CaptureStep():
            return {"stage": step.stage, "stop": step.stop, "after": step.after, "serves": list(plan.serves(step.key))}
    return {}


def _table_stored(step: Step, stored: Stored | None) -> dict[str, Any]:
    """Whether the store has a step, and of how many items; nothing of steps that leave nothing in it."""
    if stored is None or not isinstance(step, FitStep | RankStep | EvaluateStep):
        return {}
    items = stored.get(step.key)
    return {"stored": step.key in stored} | ({} if items is None else {"stored_items": items})
