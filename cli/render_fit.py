"""How an estimand's maps were found, as text: the fit's attempts, the sizes found, and what a search tried."""

from collections.abc import Sequence

from ..runtime.deciding.verdicts import QuantityRow
from ..runtime.fitting.fit_reports import SearchRow, SeedReport
from .page import INDENT, Page, columns

SHOWN = 4
"""Alternatives of a search that are printed, the best ones."""


def render_fit(quantity: QuantityRow, page: Page, of: str = "") -> list[str]:
    """The attempts at the maps of one estimand, the sizes found, and the best alternatives of its search."""
    lines: list[str] = []
    for text in _attempts(quantity.seeds):
        lines += page.wrap(f"fit{of}, {text}", INDENT)
    if quantity.sizes:
        found = ", ".join(f"{one.variable} {one.size}" for one in quantity.sizes)
        lines += page.wrap(f"sizes found{of}: {found}", INDENT)
    for variables in dict.fromkeys(row.variables for row in quantity.search):
        lines += _search([row for row in quantity.search if row.variables == variables], page)
    return lines


def _attempts(seeds: Sequence[SeedReport]) -> list[str]:
    """One text for the trained restarts, one for the searches of dims, one for a closed form."""
    said = []
    trained = [seed for seed in seeds if seed.trace]
    if trained:
        each = "; ".join(f"{_score(seed)} after {seed.steps:,}{_end(seed)}" for seed in trained)
        restarts = f"{len(trained)} restart{'' if len(trained) == 1 else 's'}"
        said.append(f"{restarts} of at most {trained[0].budget:,} steps: {each}")
    searched = [seed for seed in seeds if seed.steps and not seed.trace]
    if searched:
        each = "; ".join(f"{s.what} {_score(s)}, best of {s.steps:,} choices{_end(s)}" for s in searched)
        said.append(f"dims searched: {each}")
    said += [f"{seed.what}: {_score(seed)}" for seed in seeds if not seed.steps]
    return said


def _end(seed: SeedReport) -> str:
    said = [text for text, true in (("stopped early", seed.steps < seed.budget), ("chosen", seed.chosen)) if true]
    return f" ({', '.join(said)})" if said else ""


def _score(seed: SeedReport) -> str:
    return f"{seed.select:.3f} on select"


def _search(rows: Sequence[SearchRow], page: Page) -> list[str]:
    """The best alternatives for some variables, how many more there are, and those that were not admitted."""
    tried = sorted((row for row in rows if row.select is not None), key=lambda row: -(row.select or 0.0))
    shown = max(SHOWN, sum(row.chosen for row in rows))  # of a circuit all its cells
    lines = page.wrap(f"search for {', '.join(rows[0].variables)}: best scores on select, not corrected", INDENT)
    cells = [
        (row.place, f"{row.select:.3f}", f"{row.steps:,} steps" if row.steps else "", "chosen" if row.chosen else "")
        for row in tried[:shown]
    ]
    lines += columns(cells, INDENT + 2)
    if len(tried) > shown:
        more = tried[shown:]
        lines += page.wrap(f"{len(more)} more, at most {more[0].select:.3f} (all with --json)", INDENT + 2)
    refused = [row.place for row in rows if row.select is None]
    if refused:
        lines += page.wrap(f"not admitted: {', '.join(refused)}", INDENT + 2)
    return lines
