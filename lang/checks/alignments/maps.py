"""A family of maps as written -> the typed family and its sizes."""

from collections.abc import Mapping

from ...diagnostics import Span
from ...domains import Domain
from ...places import IDENTITY, Family, FamilyName, Size
from ...record import record
from ...scope import Reporter
from ...sites.site_indices import range_of
from ...suggest import listed, suggest
from ...syntax.alignments import FamilySyntax, SizesSyntax
from ...syntax.leaves import Decimal, Name, Text
from ...syntax.networks import Argument
from ...words.borrowed import FAMILIES

FAMILY_NAMES: tuple[FamilyName, ...] = ("identity", "rotation", "pca", "difference", "probe", "revnet", "sae")
LEARNED_SIZES = ("identity", "rotation", "sae")
"""Families whose size can be found by the fit."""


@record
class CheckedMap:
    """A family and its sizes; none where the text states none. `span` is the sizes', else the family's."""

    family: Family
    sizes: tuple[Size, ...]
    span: Span


def check_map(syntax: FamilySyntax, report: Reporter) -> CheckedMap | None:
    """`rotation size 4`, `revnet(10, 16) size 2`, `identity size learned`; None after an error."""
    name = syntax.name.text
    known = next((family for family in FAMILY_NAMES if family == name), None)
    if known is None:
        meant = FAMILIES.get(name.lower())
        report.error(
            "CS101",
            f"expected a family of maps, found the unknown name `{name}`",
            syntax.name.span,
            help=f"did you mean `{meant}`?" if meant else suggest(name, FAMILY_NAMES, "families"),
        )
        return None
    if known == "sae":
        family = _sae(syntax, report)
    else:
        arguments = _arguments(syntax, report)
        family = None if arguments is None else Family(known, arguments) if known != "identity" else IDENTITY
    if family is None:
        return None
    if syntax.sizes is None:
        return CheckedMap(family, (1,) if known == "difference" else (), syntax.span)
    sizes = _sizes(syntax.sizes, family, report)
    return None if sizes is None else CheckedMap(family, sizes, syntax.sizes.span)


def check_two_values(variables: Mapping[str, Domain | None], span: Span, report: Reporter) -> bool:
    """`difference` is the direction between the means of two classes: no variable may have more."""
    for name, domain in variables.items():
        if domain is not None and domain.size != 2:
            report.error(
                "CS313",
                f"`difference` is between two values, and `{name}` has {domain.size}",
                span,
                help="use `probe size K`, or `rotation size K`",
            )
            return False
    return True


def report_several_sizes(sizes: tuple[Size, ...], span: Span, report: Reporter) -> bool:
    """Several sizes where one site is stated."""
    if len(sizes) > 1:
        report.error(
            "CS312",
            "several sizes are alternatives, and `at` states one site",
            span,
            help="search them with `in`: `x in hidden[1] via rotation size [2, 4]`",
        )
    return len(sizes) > 1


def _arguments(syntax: FamilySyntax, report: Reporter) -> tuple[int, ...] | None:
    name = syntax.name.text
    if name != "revnet":
        if syntax.arguments is None:
            return ()
        help = f"write `via {name}`" if name in ("identity", "difference") else "its size is written `size 4`"
        report.error("CS307", f"`{name}` takes no arguments", syntax.name.span, help=help)
        return None
    given = syntax.arguments or ()
    numbers = [_whole(argument) for argument in given]
    if len(numbers) != 2:
        report.error(
            "CS307",
            f"`revnet` takes two arguments, found {len(numbers)}",
            syntax.name.span,
            help="state its blocks and their width: `revnet(10, 16)`",
        )
        return None
    for argument, number in zip(given, numbers, strict=True):
        if number is None:
            report.error(
                "CS307",
                "expected a whole number of at least 1",
                argument.span,
                help="state the number of blocks and their width: `revnet(10, 16)`",
            )
            return None
    return tuple(number for number in numbers if number is not None)


def _sae(syntax: FamilySyntax, report: Reporter) -> Family | None:
    """`sae("features.safetensors")`: an autoencoder's weights, whose features are the dims."""
    given = syntax.arguments or ()
    path = given[0].value if len(given) == 1 and given[0].key is None else None
    if not isinstance(path, Text) or not path.value.strip() or "\0" in path.value:
        report.error(
            "CS307",
            "`sae` takes one text, the path of the autoencoder's weights",
            given[0].span if len(given) == 1 else syntax.name.span,
            help='write `via sae("features.safetensors")`',
        )
        return None
    return Family("sae", (), path.value, path.span)


def _whole(argument: Argument) -> int | None:
    value = argument.value
    if argument.key is not None or not isinstance(value, Decimal) or not value.whole or value.value < 1:
        return None
    return int(value.value)


def _sizes(syntax: SizesSyntax, family: Family, report: Reporter) -> tuple[Size, ...] | None:
    sizes: list[Size] = []
    for entry in syntax.entries:
        if isinstance(entry, Name):
            if not _check_learned(entry, family, alone=len(syntax.entries) == 1, report=report):
                return None
            sizes.append("learned")
            continue
        values = range_of(entry, report)
        if values is None:
            return None
        problem, help = "", "write `size 4`"
        if values[0] < 1:
            problem = f"expected a size of at least 1, found {values[0]}"
        elif family.name == "difference" and values != (1,):
            problem = f"`difference` is one direction, found size {values[-1]}"
            help = "leave the size out"
        elif again := sorted(set(values).intersection(size for size in sizes if isinstance(size, int))):
            problem, help = f"size {again[0]} is listed twice", "list each size once"
        if problem:
            report.error("CS313", problem, entry.span, help=help)
            return None
        sizes += values
    return tuple(sizes)


def _check_learned(word: Name, family: Family, alone: bool, report: Reporter) -> bool:
    if word.text != "learned":
        report.error("CS313", f"expected a number of dims, found `{word.text}`", word.span, help="write `size 4`")
    elif family.name not in LEARNED_SIZES:
        report.error(
            "CS313",
            f"the size of `{family.name}` cannot be learned",
            word.span,
            help=f"state it, `size 4`; only {listed(LEARNED_SIZES)} find their size",
        )
    elif not alone:
        report.error("CS313", "`learned` stands alone", word.span, help="write `size learned`, or list numbers")
    else:
        return True
    return False
