"""Look-ups in tables and attributes of entities -> typed expressions."""

from collections.abc import Callable

from ...diagnostics import Span
from ...domains import Domain, product
from ...expressions import Apply, Constant, Expression, Listing
from ...program import OpenTable
from ...scope import Reporter
from ...suggest import suggest
from ...syntax.expressions import Attribute, ExpressionSyntax, Lookup, Reference
from ...tuples import tuple_code
from .expression_scope import Scope, comparable, describe

Check = Callable[[ExpressionSyntax, Domain | None], Expression | None]


def check_lookup(
    name: str, keys: tuple[ExpressionSyntax, ...], span: Span, scope: Scope, report: Reporter, check: Check
) -> Expression | None:
    """`table[x, y]`: the value for keys that the table has; None after an error."""
    table = scope.library.tables[name]
    if isinstance(table, OpenTable):
        report.error(
            "CS156",
            f"table `{name}` holds texts, and its values are known at run time only",
            span,
            help=f"a model needs types: `table {name}: 0..9 -> bool = csv(...)`",
        )
        return None
    wanted: tuple[Domain | None, ...] = tuple(table.keys) if table is not None else (None,) * len(keys)
    if len(keys) != len(wanted):
        report.error(
            "CS160",
            f"`{name}` takes {count_keys(len(wanted))}, found {len(keys)}",
            span,
            help="write one expression for each key, `table[x, y]`",
        )
        return None
    typed = [check(key, domain) for key, domain in zip(keys, wanted, strict=True)]
    found = [key for key in typed if key is not None]
    if table is None or len(found) < len(typed):
        return None
    if not all(fits_domain(key, d, f"a key of `{name}`", report) for key, d in zip(found, table.keys, strict=True)):
        return None
    return lookup(Listing(table.values, table.domain, span), tuple_code(found, product(table.keys)), span)


def check_named_lookup(syntax: Lookup, scope: Scope, report: Reporter, check: Check) -> Expression | None:
    """`table[x, y]` or `tables[d][x]`."""
    table = syntax.table
    if isinstance(table, Reference) and table.index is None and table.name.text in scope.library.tables:
        return check_lookup(table.name.text, syntax.keys, syntax.span, scope, report, check)
    name = table.name.text if isinstance(table, Reference) else "it"
    report.error(
        "CS160",
        f"expected a table before the brackets, found `{name}`",
        table.span,
        help=suggest(name, scope.library.tables, "tables"),
    )
    return None


def check_attribute(syntax: Attribute, scope: Scope, report: Reporter, check: Check) -> Expression | None:
    """`city.country`."""
    value = check(syntax.value, None)
    if value is None:
        return None
    attributes = {attribute.name: attribute for attribute in value.domain.attributes}
    if not attributes:
        report.error(
            "CS159",
            f"only values of a type from a CSV file have attributes, found {describe(value.domain)}",
            syntax.value.span,
            f"this is {describe(value.domain)}",
            help='declare its type by `type City = csv("cities.csv")`',
        )
        return None
    attribute = attributes.get(syntax.name.text)
    if attribute is None:
        report.error(
            "CS159",
            f"`{value.domain.name}` has no attribute `{syntax.name.text}`",
            syntax.name.span,
            help=suggest(syntax.name.text, attributes, "attributes"),
        )
        return None
    return lookup(Listing(attribute.values, attribute.domain, syntax.span), value, syntax.span)


def lookup(listing: Listing, code: Expression, span: Span) -> Expression:
    """The value at a code; a constant where the code is one."""
    if isinstance(code, Constant):
        return Constant(listing.values[code.value], listing.domain, span)
    return Apply("lookup", (listing, code), listing.domain, span)


def fits_domain(value: Expression, domain: Domain, what: str, report: Reporter) -> bool:
    """Whether every value of an expression lies in a domain; reports it where not."""
    if not comparable(value.domain, domain):
        report.error(
            "CS161",
            f"expected {describe(domain)} as {what}, found {describe(value.domain)}",
            value.span,
            f"this is {describe(value.domain)}",
            help=f"give a value of `{domain.name}`",
        )
        return False
    if not domain.is_integer or (domain.low <= value.domain.low and value.domain.high <= domain.high):
        return True
    low, high = value.domain.low, value.domain.high
    report.error(
        "CS161",
        f"{what} lies in {domain.low}..{domain.high}, found one that can be {low if low < domain.low else high}",
        value.span,
        f"is {low}" if low == high else f"lies in {low}..{high}",
        help="keep it inside, with `min`, `max` or `%`, or widen the type",
    )
    return False


def count_keys(count: int) -> str:
    """`one key`, `2 keys`."""
    return "one key" if count == 1 else f"{count} keys"
