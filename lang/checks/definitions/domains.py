"""Domains as written -> finite domains, and which domains each symbol belongs to."""

from ...data.entities import entity_domain
from ...data.read_csv import BadCsvError
from ...data.read_data import DataReader
from ...diagnostics import Label
from ...domains import BOOL, Domain
from ...files import Files
from ...scope import Names
from ...suggest import did_you_mean
from ...syntax.domains import CsvDomain, DomainSyntax, NamedDomain, RangeDomain, SetDomain
from ...syntax.leaves import Integer, Name
from ...syntax.tasks import TypeSyntax
from ...words.borrowed import DOMAINS
from ..expressions.library import Library
from ..expressions.symbols import Symbols

MAX_VALUES = 2**31
RESERVED = frozenset(["and", "or", "not", "in", "if", "then", "else", "true", "false"])


class Domains:
    """Resolves each written domain once, and collects the symbols that domains list."""

    def __init__(self, names: Names, files: Files) -> None:
        self.names = names
        self.data = DataReader(files, names.report)
        self.library = Library()
        self.report = names.report
        self.symbols = Symbols()
        self._resolved: dict[int, Domain | None] = {}
        self._listed: set[Domain] = set()

    def check_types(self, types: list[TypeSyntax]) -> None:
        """Resolve the file's types, whatever their order."""
        by_name: dict[str, TypeSyntax] = {}
        for declared in types:
            if declared.name.text == "bool":
                self.report.error(
                    "CS102", "`bool` is built in", declared.name.span, "declared again", help="choose another name"
                )
            elif self.names.types.declare(declared.name):
                by_name[declared.name.text] = declared
        for declared in by_name.values():
            if not isinstance(declared.domain, NamedDomain):
                self.names.types.entries[declared.name.text] = self.check_domain(
                    declared.domain, named=declared.name.text
                )
        for declared in by_name.values():
            self._resolve_alias(declared, by_name)

    def _resolve_alias(self, declared: TypeSyntax, by_name: dict[str, TypeSyntax]) -> None:
        passed: list[str] = []
        current = declared
        while isinstance(current.domain, NamedDomain):
            if current.name.text in passed:
                if declared.name.text == min(passed[passed.index(current.name.text) :]):
                    self.report.error(
                        "CS118",
                        f"type `{declared.name.text}` is defined by itself",
                        declared.name.span,
                        help="end the chain in a range, a set or `bool`",
                        notes=[" = ".join(f"`{name}`" for name in [*passed, current.name.text])],
                    )
                return
            passed.append(current.name.text)
            target = current.domain.name.text
            if target not in by_name:
                if current is declared or target == "bool":
                    self.names.types.entries[declared.name.text] = self.check_domain(current.domain)
                return
            current = by_name[target]
        if passed:
            self.names.types.entries[declared.name.text] = self.names.types.entries[current.name.text]

    def check_domain(self, syntax: DomainSyntax, named: str | None = None) -> Domain | None:
        """The domain, or None after an error."""
        if id(syntax) not in self._resolved:
            domain = self._check(syntax, named)
            self._resolved[id(syntax)] = domain
            if domain is not None:
                self._list_symbols(domain)
        return self._resolved[id(syntax)]

    def _check(self, syntax: DomainSyntax, named: str | None) -> Domain | None:
        match syntax:
            case NamedDomain(name=name):
                if name.text == "bool":
                    return BOOL
                if name.text in self.names.types.entries:
                    return self.names.types.entries[name.text]
                self.report.error(
                    "CS101",
                    f"expected a type, found the unknown name `{name.text}`",
                    name.span,
                    "not declared",
                    help=did_you_mean(name.text, ["bool", *self.names.types.entries]) or DOMAINS,
                )
                return None
            case RangeDomain():
                return self._check_range(syntax, named)
            case SetDomain():
                return self._check_set(syntax, named)
            case CsvDomain():
                return self._check_csv(syntax, named)

    def _check_csv(self, syntax: CsvDomain, named: str | None) -> Domain | None:
        domain = self._read_csv(syntax, named)
        self.symbols.unread |= domain is None
        return domain

    def _read_csv(self, syntax: CsvDomain, named: str | None) -> Domain | None:
        read = self.data.read(syntax)
        if read is None:
            return None
        table, path = read
        if len(syntax.arguments) > 1:
            self.report.error(
                "CS158",
                "the type `csv(...)` takes a path alone",
                syntax.arguments[1].span,
                help="the first column holds the values, the others are attributes; put the columns in that order",
            )
            return None
        try:
            domain = entity_domain(table, named or path.value)
        except BadCsvError as error:
            self.data.refuse(error, path)
            return None
        for attribute in domain.attributes:
            self._list_symbols(attribute.domain)
        return domain

    def _list_symbols(self, domain: Domain) -> None:
        if domain.labels is not None and domain != BOOL and domain not in self._listed:
            self._listed.add(domain)
            for label in domain.labels:
                self.symbols.setdefault(label, []).append(domain)

    def _check_range(self, syntax: RangeDomain, named: str | None) -> Domain | None:
        low, high = syntax.low.value, syntax.high.value
        if low > high:
            self.report.error(
                "CS113",
                f"the range `{low}..{high}` is empty",
                syntax.span,
                help=f"write `{high}..{low}`; both ends belong to a range",
            )
            return None
        if high - low + 1 > MAX_VALUES or max(-low, high) > 2**62:
            self.report.error(
                "CS115",
                f"the range `{low}..{high}` has too many values",
                syntax.span,
                help="a domain has at most 2^31 values",
            )
            return None
        return Domain(named or f"{low}..{high}", low, high - low + 1)

    def _check_set(self, syntax: SetDomain, named: str | None) -> Domain | None:
        if not syntax.symbols:
            self.report.error(
                "CS113", "the set is empty", syntax.span, help="list its values: `{a, b}`, or write a range `0..9`"
            )
            return None
        seen: dict[str, Name] = {}
        intact = True
        for symbol in syntax.symbols:
            if isinstance(symbol, Integer):
                self.report.error(
                    "CS116",
                    f"expected a name as a symbol, found the number `{symbol.value}`",
                    symbol.span,
                    help="numbers are written as a range, `0..9`",
                )
                intact = False
                break
            if symbol.text in RESERVED:
                help = "use `bool`" if symbol.text in ("true", "false") else "choose another name"
                self.report.error("CS116", f"`{symbol.text}` cannot be a symbol", symbol.span, "reserved", help=help)
                intact = False
            elif symbol.text in seen:
                self.report.error(
                    "CS114",
                    f"symbol `{symbol.text}` is listed twice",
                    symbol.span,
                    "again here",
                    related=[Label(seen[symbol.text].span, "first here")],
                    help="remove one of them",
                )
                intact = False
            else:
                seen[symbol.text] = symbol
        if not intact:
            self.symbols.spoilt.update(symbol.text for symbol in syntax.symbols if isinstance(symbol, Name))
            return None
        labels = tuple(seen)
        return Domain(named or "{" + ", ".join(labels) + "}", 0, len(labels), labels)
