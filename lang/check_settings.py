"""`settings` and `fit` blocks, and networks, as written -> their values."""

from .diagnostics import Label
from .not_built import NETWORKS, SETTINGS, not_built
from .program import FitSettings, Network, Settings
from .scope import Reporter
from .suggest import suggest
from .syntax import Decimal, NetworkSyntax, Setting, SettingsBlock, SettingsSyntax, Text

MAX_WHOLE = 2**62


def check_fit(block: SettingsBlock, report: Reporter) -> FitSettings | None:
    """The training of learned maps, defaults where nothing is said."""
    errors = report.errors
    entries = _entries(block.entries, ("steps", "batch", "rate", "seeds"), report)
    defaults = FitSettings()
    steps, batch, seeds = (
        _whole(entries[key], 1, report) if key in entries else default
        for key, default in (("steps", defaults.steps), ("batch", defaults.batch), ("seeds", defaults.seeds))
    )
    rate = defaults.rate
    if "rate" in entries:
        value = entries["rate"].value
        if isinstance(value, Decimal) and value.value > 0:
            rate = float(value.value)
        else:
            _bad(entries["rate"], "a number above 0", "write `rate: 0.01`", report)
    return None if report.errors > errors else FitSettings(steps or 0, batch or 0, rate, seeds or 0)


def check_settings(blocks: list[SettingsSyntax], report: Reporter) -> Settings:
    """The file's settings, defaults where nothing is said."""
    defaults = Settings()
    if not blocks:
        return defaults
    first, *more = blocks
    for again in more:
        report.error(
            "CS102",
            "`settings` is declared twice",
            again.span,
            "again here",
            related=[Label(first.span, "first here")],
            help="put all entries into one block",
        )
    entries = _entries(first.entries, ("confidence", "seed"), report)
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
    return Settings(confidence, seed or 0)


def check_network(syntax: NetworkSyntax, report: Reporter) -> Network | None:
    """`torch("path")` is the one kind of network that is built."""
    loader = syntax.loader
    if loader.text in NETWORKS:
        report.add(not_built(f"`{loader.text}(...)`", loader.span, NETWORKS[loader.text]))
        return None
    if loader.text != "torch":
        report.error(
            "CS101",
            f"expected a kind of network, found the unknown name `{loader.text}`",
            loader.span,
            help=suggest(loader.text, ["torch", *NETWORKS], "kinds of network"),
        )
        return None
    arguments = syntax.arguments
    if len(arguments) != 1 or arguments[0].key is not None or not isinstance(arguments[0].value, Text):
        report.error(
            "CS121",
            "`torch(...)` takes one text, the path of the weights",
            arguments[0].span if len(arguments) == 1 else loader.span,
            help='write `torch("weights.safetensors")`',
        )
        return None
    path = arguments[0].value
    if not path.value.strip() or "\0" in path.value:
        fault = "the path holds a null character" if "\0" in path.value else "the path is empty"
        report.error("CS121", fault, path.span, help='write `torch("weights.safetensors")`')
        return None
    return Network(syntax.name.text, path.value, syntax.doc, syntax.name.span, path.span)


def _entries(entries: tuple[Setting, ...], keys: tuple[str, ...], report: Reporter) -> dict[str, Setting]:
    known: dict[str, Setting] = {}
    for entry in entries:
        key = entry.key
        if key.text in SETTINGS:
            report.add(not_built(f"`{key.text}`", key.span, SETTINGS[key.text]))
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


def _bad(entry: Setting, expected: str, help: str, report: Reporter) -> None:
    report.error("CS309", f"expected {expected} for `{entry.key.text}`", entry.value.span, help=help)
