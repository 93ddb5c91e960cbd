"""A network as written -> the typed network: what loads it, from where, and how."""

from collections.abc import Mapping

from ...program import Loader, Network
from ...record import record
from ...scope import Reporter, report_repeated
from ...suggest import listed, suggest
from ...syntax.leaves import Name, Text
from ...syntax.networks import Argument, NetworkSyntax

LOADERS: dict[Loader, str] = {
    "torch": 'torch("weights.safetensors")',
    "transformers": 'transformers("./folder")',
    "jax": 'jax("weights.safetensors")',
}
"""What loads a network, with an example."""
DTYPES = ("float32", "float16", "bfloat16", "float64")


@record
class _Options:
    """What a loader takes besides the path: texts and words by name."""

    texts: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]


_LAID = {"dtype": DTYPES, "device": ("cpu", "cuda", "mps")}
OPTIONS: dict[Loader, _Options] = {
    "torch": _Options((), {}),
    "transformers": _Options(("revision",), _LAID),
    "jax": _Options((), _LAID),
}


def check_network(syntax: NetworkSyntax, report: Reporter) -> Network | None:
    """`torch("path")`, `transformers("folder or id", revision: "..", dtype: .., device: ..)`. None after an error."""
    loader = next((name for name in LOADERS if name == syntax.loader.text), None)
    if loader is None:
        report.error(
            "CS101",
            f"expected a kind of network, found the unknown name `{syntax.loader.text}`",
            syntax.loader.span,
            help=suggest(syntax.loader.text, LOADERS, "kinds of network"),
        )
        return None
    unnamed = [argument for argument in syntax.arguments if argument.key is None]
    if len(unnamed) != 1 or not isinstance(unnamed[0].value, Text):
        kind = "a folder or the id of a repository" if loader == "transformers" else "the path of the weights"
        report.error(
            "CS121",
            f"`{loader}(...)` takes one text, {kind}",
            unnamed[0].span if len(unnamed) == 1 else syntax.loader.span,
            help=f"write `{LOADERS[loader]}`",
        )
        return None
    path = unnamed[0].value
    if not path.value.strip() or "\0" in path.value:
        fault = "the path holds a null character" if "\0" in path.value else "the path is empty"
        report.error("CS121", fault, path.span, help=f"write `{LOADERS[loader]}`")
        return None
    options = _check_options(loader, syntax, report)
    if options is None:
        return None
    return Network(
        syntax.name.text,
        path.value,
        loader,
        options.get("revision"),
        options.get("dtype"),
        options.get("device"),
        ungated=syntax.ungated,
        doc=syntax.doc,
        span=syntax.name.span,
        path_span=path.span,
    )


def _check_options(loader: Loader, syntax: NetworkSyntax, report: Reporter) -> dict[str, str] | None:
    """The named arguments; None after an error."""
    errors = report.errors
    found: dict[str, str] = {}
    spans: dict[str, Argument] = {}
    allowed = OPTIONS[loader]
    for argument in syntax.arguments:
        if (key := argument.key) is None:
            continue
        if key.text in spans:
            report_repeated(report, f"`{key.text}`", argument.span, spans[key.text].span)
            continue
        spans[key.text] = argument
        names = (*allowed.texts, *allowed.words)
        if key.text not in names:
            help = suggest(key.text, names, "arguments") if names else f"write `{LOADERS[loader]}`"
            report.error("CS121", f"`{loader}(...)` has no argument `{key.text}`", key.span, help=help)
            continue
        value = _option(argument, key, allowed.words.get(key.text), report)
        if value is not None:
            found[key.text] = value
    return None if report.errors > errors else found


def _option(argument: Argument, key: Name, words: tuple[str, ...] | None, report: Reporter) -> str | None:
    value = argument.value
    if words is None:
        if isinstance(value, Text) and value.value.strip() and "\0" not in value.value:
            return value.value
        report.error("CS121", f"expected a text for `{key.text}`", value.span, help=f'write `{key.text}: "main"`')
        return None
    text = value.text if isinstance(value, Name) else value.value if isinstance(value, Text) else None
    numbered = text is not None and key.text == "device" and text.startswith("cuda:") and text[5:].isdecimal()
    if isinstance(text, str) and (text in words or numbered):
        return text
    report.error(
        "CS121",
        f"expected a {key.text} of {listed(words, 'or')}" + (f", found `{text}`" if text is not None else ""),
        value.span,
        help=f"write `{key.text}: {words[0]}`"
        + (' or, for one of several, `device: "cuda:1"`' * (key.text == "device")),
    )
    return None
