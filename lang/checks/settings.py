"""`settings` and `fit` blocks, and networks, as written -> their values."""

from collections.abc import Iterable

from ..diagnostics import Label
from ..program import ControlSettings, FitSettings, Settings
from ..scope import Reporter, report_repeated
from ..suggest import suggest
from ..syntax.claims import ClaimSyntax
from ..syntax.leaves import Decimal
from ..syntax.settings import Setting, SettingsBlock, SettingsSyntax

MAX_WHOLE = 2**62
LEAST_BUDGET = 200
"""Below it, no bound is reached."""


def check_fit(block: SettingsBlock, report: Reporter) -> FitSettings | None:
    """The training of learned maps, defaults where nothing is said."""
    errors = report.errors
    entries = _entries(block.entries, ("steps", "batch", "rate", "seeds", "patience"), report)
    wholes = {key: _whole(entries[key], 1, report) for key in entries if key != "rate"}
    rates = {"rate": _number(entries["rate"], 0, None, "write `rate: 0.01`", report)} if "rate" in entries else {}
    return None if report.errors > errors else FitSettings(**wholes, **rates)  # type: ignore[arg-type]


def check_settings(syntaxes: list[SettingsSyntax], report: Reporter) -> Settings:
    """The file's settings, defaults where nothing is said."""
    defaults = Settings()
    if not syntaxes:
        return defaults
    first, *more = syntaxes
    for again in more:
        report.error(
            "CS102",
            "`settings` is declared twice",
            again.span,
            "again here",
            related=[Label(first.span, "first here")],
            help="put all entries into one block",
        )
    entries = _entries(first.entries, ("confidence", "seed", "budget"), report, blocks=("controls",))
    confidence = defaults.confidence
    if "confidence" in entries:
        value = entries["confidence"].value
        if isinstance(value, Decimal) and 0 < value.value < 1:
            confidence = float(value.value)
        else:
            report.error(
                "CS413",
                "expected a confidence between 0 and 1",
                value.span,
                "neither 0 nor 1 nor beyond",
                help="write `confidence: 0.95`",
            )
    seed = _whole(entries["seed"], 0, report) if "seed" in entries else defaults.seed
    controls = _controls(first.blocks, report)
    return Settings(confidence, seed or 0, controls)


def check_confidences(claims: Iterable[ClaimSyntax], settings: Settings, report: Reporter) -> None:
    """No claim asks for less confidence than the file has: its clause would do nothing."""
    stated = {claim.confidence.span: float(claim.confidence.value) for claim in claims if claim.confidence is not None}
    for span, value in stated.items():
        if 0 < value < settings.confidence:
            report.error(
                "CS449",
                f"expected at least the file's confidence, {settings.confidence:g}, found {value:g}",
                span,
                "a claim may err less than the file, never more",
                help=f"leave `at confidence` out, or state `settings {{ confidence: {value:g} }}` for all claims",
                notes=["the file's confidence is that of all its claims together; each gets its share of the error"],
            )


def check_budget(syntaxes: list[SettingsSyntax], report: Reporter) -> int | None:
    """The most test items that an estimand may be decided on; None where nothing is said."""
    stated = [entry for syntax in syntaxes[:1] for entry in syntax.entries if entry.key.text == "budget"]
    return _whole(stated[0], LEAST_BUDGET, report) if stated else None


def _controls(blocks: tuple[SettingsBlock, ...], report: Reporter) -> ControlSettings:
    """The one block within `settings`."""
    defaults = ControlSettings()
    known: list[SettingsBlock] = []
    for block in blocks:
        name = block.name
        if name.text != "controls":
            help = suggest(name.text, ("controls",), "blocks")
            report.error("CS310", f"unknown block of settings `{name.text}`", name.span, help=help)
        elif known:
            report_repeated(report, "`controls`", block.span, known[0].span)
        else:
            known.append(block)
    if not known:
        return defaults
    entries = _entries(known[0].entries, ("random", "share", "divergence"), report)
    random, share, divergence = defaults.random, defaults.share, defaults.divergence
    if "random" in entries:
        random = _whole(entries["random"], 1, report) or random
    if "share" in entries:
        share = _number(entries["share"], 0, 1, "write `share: 0.5`", report) or share
    if "divergence" in entries:
        divergence = _least_one(entries["divergence"], report)
    return ControlSettings(random, share, divergence)


def _entries(
    entries: tuple[Setting, ...], keys: tuple[str, ...], report: Reporter, blocks: tuple[str, ...] = ()
) -> dict[str, Setting]:
    known: dict[str, Setting] = {}
    for entry in entries:
        key = entry.key
        if key.text in blocks:
            help = f"write `{key.text} {{ random: 5 }}`"
            report.error("CS309", f"expected a block for `{key.text}`", entry.span, help=help)
        elif key.text not in keys:
            report.error("CS310", f"unknown setting `{key.text}`", key.span, help=suggest(key.text, keys, "settings"))
        elif key.text in known:
            report.error(
                "CS011",
                f"`{key.text}` is given twice",
                entry.span,
                "again here",
                related=[Label(known[key.text].span, "first here")],
                help="remove one of them",
            )
        else:
            known[key.text] = entry
    return known


def _whole(entry: Setting, least: int, report: Reporter) -> int | None:
    value = entry.value
    if isinstance(value, Decimal) and value.whole and least <= value.value <= MAX_WHOLE:
        return int(value.value)
    _bad(entry, f"a whole number of at least {least}", f"write `{entry.key.text}: {max(least, 1)}`, say", report)
    return None


def _number(entry: Setting, above: int, most: int | None, help: str, report: Reporter) -> float | None:
    value = entry.value
    if isinstance(value, Decimal) and value.value > above and (most is None or value.value <= most):
        return float(value.value)
    _bad(entry, f"a number above {above}" + ("" if most is None else f" and at most {most}"), help, report)
    return None


def _least_one(entry: Setting, report: Reporter) -> float | None:
    value = entry.value
    if isinstance(value, Decimal) and value.value >= 1:
        return float(value.value)
    _bad(entry, "a number of at least 1", "write `divergence: 1.5`; natural inputs have 1", report)
    return None


def _bad(entry: Setting, expected: str, help: str, report: Reporter) -> None:
    report.error("CS309", f"expected {expected} for `{entry.key.text}`", entry.value.span, help=help)
