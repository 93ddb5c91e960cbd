"""Syntax tree -> typed program: names resolved, types known, structure checked; every fault of the file in one run."""

from typing import Any, TypeVar

from .checks.alignments.alignment import check_alignment
from .checks.alignments.used_alignments import used_alignments
from .checks.claims.claim import check_claim
from .checks.definitions.domains import Domains
from .checks.definitions.functions import check_functions
from .checks.definitions.tables import check_table
from .checks.graphs.circuit import check_circuit
from .checks.graphs.graph import check_graph
from .checks.models.model import CheckedModel, check_model
from .checks.networks.network import check_network
from .checks.pairs.recipe import check_recipe
from .checks.settings import check_budget, check_confidences, check_settings
from .checks.tasks.task import check_task
from .claims import Claim
from .diagnostics import Diagnostic, Source
from .docs import collect_docs
from .files import Files, NoFiles
from .parsing.scanner import KEYWORDS
from .places import Site
from .program import Alignment, Program, Task
from .scope import Names, Reporter, Table
from .syntax.alignments import AlignSyntax
from .syntax.circuits import CircuitSyntax, GraphSyntax
from .syntax.claims import ClaimSyntax
from .syntax.models import Equation, ModelSyntax
from .syntax.networks import NetworkSyntax
from .syntax.pairs import PairsSyntax
from .syntax.settings import SettingsSyntax
from .syntax.tables import FunctionSyntax, TableSyntax
from .syntax.tasks import TaskSyntax, TypeSyntax
from .syntax.tree import SyntaxTree
from .unroll.unroll_tree import unroll_tree

T = TypeVar("T")
Named = TypeVar(
    "Named",
    TableSyntax,
    TaskSyntax,
    ModelSyntax,
    NetworkSyntax,
    PairsSyntax,
    AlignSyntax,
    ClaimSyntax,
    CircuitSyntax,
    GraphSyntax,
)


def check_declarations(
    tree: SyntaxTree, source: Source, files: Files | None = None
) -> tuple[Program, tuple[Diagnostic, ...]]:
    """The typed program, of a file with errors the declarations in which there is none, and all diagnostics.

    They may name others that it lacks. What depends on a declaration that is broken is not reported again. `files`
    reads the data that the spec names.
    """
    report = Reporter()
    program = _Checker(tree, source, files or NoFiles(), report).check()
    return program, tuple(report.diagnostics)


class _Checker:
    def __init__(self, tree: SyntaxTree, source: Source, files: Files, report: Reporter) -> None:
        self.tree = tree
        self.source = source
        self.report = report
        self.names = Names.empty(report)
        self.domains = Domains(self.names, files)
        self.tasks: dict[str, Task] = {}
        self.models: dict[str, CheckedModel] = {}
        self.model_tasks: dict[str, str] = {}
        self.alignments: dict[str, Alignment] = {}
        self.claims: dict[str, Claim] = {}

    def check(self) -> Program:
        names = self.names
        self._declare_broken()
        self.domains.check_types(self._all(TypeSyntax))
        self.tree = unroll_tree(self.tree, self.domains, self.report)
        self._declare_broken()
        self._check_tables()
        check_functions(self._all(FunctionSyntax), self.domains, self.report)
        tasks = self._declare(names.tasks, self._all(TaskSyntax))
        models = self._declare(names.models, self._all(ModelSyntax))
        networks = self._declare(names.networks, self._all(NetworkSyntax))
        recipes = self._declare(names.pairs, self._all(PairsSyntax))
        alignments = self._declare(names.alignments, self._all(AlignSyntax))
        claims = self._declare(names.claims, self._all(ClaimSyntax))
        circuits = self._declare(names.circuits, self._all(CircuitSyntax))
        graphs = self._declare(names.graphs, self._all(GraphSyntax))
        self._resolve_domains(tasks, models)
        self._check_tasks(tasks)
        self._check_models(models)
        for network in networks:
            names.networks.entries[network.name.text] = check_network(network, self.report)
        self._check_recipes(recipes)
        self._check_alignments(alignments)
        for circuit in circuits:
            names.circuits.entries[circuit.name.text] = check_circuit(circuit, names)
        for graph in graphs:
            names.graphs.entries[graph.name.text] = check_graph(graph, names)
        for claim in claims:
            checked = check_claim(claim, names, self.source, self.report)
            if checked is not None:
                self.claims[checked.name] = checked
        errors = self.report.errors
        settings = check_settings(self._all(SettingsSyntax), self.report)
        if self.report.errors == errors:
            check_confidences(claims, settings, self.report)
        self._warn_unused(alignments, claims)
        return Program(
            self.tree.doc,
            self.tasks,
            names.models.intact(),
            names.networks.intact(),
            self.alignments,
            names.pairs.intact() | names.joined,
            self.claims,
            settings,
            names.circuits.intact(),
            names.graphs.intact(),
            tables={name: table for name, table in self.domains.library.tables.items() if table is not None},
            budget=check_budget(self._all(SettingsSyntax), self.report),
            docs=collect_docs(self.tree),
        )

    def _all(self, kind: type[T]) -> list[T]:
        return [declaration for declaration in self.tree.declarations if isinstance(declaration, kind)]

    def _declare_broken(self) -> None:
        """What could not be read is known by name, so that its uses are not reported; a copy of it is no duplicate."""
        tables: dict[str, Table[Any]] = {
            "type": self.names.types,
            "table": self.names.lookup_tables,
            "task": self.names.tasks,
            "model": self.names.models,
            "network": self.names.networks,
            "align": self.names.alignments,
            "pairs": self.names.pairs,
            "claim": self.names.claims,
            "circuit": self.names.circuits,
            "graph": self.names.graphs,
            "node": self.names.nodes,
        }
        lists, known = {"type", "import"}, {"node", *KEYWORDS}
        unread = (broken.keyword in lists or broken.keyword not in known for broken in self.tree.broken)
        self.domains.symbols.unread |= any(unread)
        for broken in self.tree.broken:
            if broken.keyword in tables:
                tables[broken.keyword].entries.setdefault(broken.name, None)
                tables[broken.keyword].broken.add(broken.name)
            else:  # an unknown keyword may have meant any of them, so the name is missed nowhere, and suggested nowhere
                for table in tables.values():
                    table.broken.add(broken.name)

    def _declare(self, table: Table[T], declarations: list[Named]) -> list[Named]:
        return [declaration for declaration in declarations if table.declare(declaration.name)]

    def _resolve_domains(self, tasks: list[TaskSyntax], models: list[ModelSyntax]) -> None:
        """All written domains first, so that symbols are known wherever they are listed."""
        for task in tasks:
            for group in (*task.inputs, *task.outputs):
                self.domains.check_domain(group.domain)
        for model in models:
            for equation in model.equations:
                if isinstance(equation, Equation) and equation.domain is not None:
                    self.domains.check_domain(equation.domain)

    def _check_tables(self) -> None:
        tables = self._declare(self.names.lookup_tables, self._all(TableSyntax))
        found = self.domains.library.tables
        found |= dict.fromkeys(self.names.lookup_tables.entries)
        for syntax in tables:
            for key in syntax.keys:
                self.domains.check_domain(key)
        for syntax in tables:
            found[syntax.name.text] = check_table(syntax, self.domains, self.report)
            self.names.lookup_tables.entries[syntax.name.text] = found[syntax.name.text]

    def _check_tasks(self, tasks: list[TaskSyntax]) -> None:
        for syntax in tasks:
            signature, task = check_task(syntax, self.domains, self.report)
            self.names.tasks.entries[syntax.name.text] = signature
            if task is not None:
                self.tasks[task.name] = task

    def _check_models(self, models: list[ModelSyntax]) -> None:
        for syntax in models:
            name = syntax.name.text
            self.model_tasks[name] = syntax.task.text
            task = self.names.find(self.names.tasks, syntax.task)
            if task is None:
                continue
            if not task.outputs and task.generated:
                self.report.error(
                    "CS189",
                    f"task `{task.name}` answers by a text, which no model computes",
                    syntax.task.span,
                    help="give the task an output, or measure its metrics: `mean(METRIC on NETWORK)`",
                )
                continue
            checked = check_model(syntax, task, self.domains, self.report)
            self.models[name] = checked
            self.names.models.entries[name] = checked.model

    def _check_recipes(self, recipes: list[PairsSyntax]) -> None:
        readable = {model for model, task in self.model_tasks.items() if model in self.models}
        all_read = readable >= set(self.names.models.entries)
        for syntax in recipes:
            task = self.names.find(self.names.tasks, syntax.task)
            if task is None:
                continue
            models = {m: self.models[m] for m in self.models if self.model_tasks[m] == task.name}
            recipe = check_recipe(syntax, task, models, all_read, self.domains, self.report)
            self.names.pairs.entries[syntax.name.text] = recipe

    def _check_alignments(self, alignments: list[AlignSyntax]) -> None:
        for syntax in alignments:
            checked = check_alignment(syntax, self.names, self.models, self.model_tasks, self.report)
            self.names.alignments.entries[syntax.name.text] = checked.view
            if checked.alignment is not None:
                self.alignments[checked.alignment.name] = checked.alignment

    def _warn_unused(self, alignments: list[AlignSyntax], claims: list[ClaimSyntax]) -> None:
        if len(self.claims) < len(claims) or not claims or self.tree.broken:
            return
        names = self.names
        if None in (*names.circuits.entries.values(), *names.graphs.entries.values()):
            return
        measured = self.claims.values(), names.circuits.intact().values(), names.graphs.intact().values()
        used = used_alignments(*measured) | {
            placement.place.inside[0]
            for alignment in self.alignments.values()
            for placement in alignment.placements
            if isinstance(placement.place, Site) and placement.place.inside is not None
        }
        for syntax in alignments:
            if syntax.name.text not in used:
                self.report.warning(
                    "CS311",
                    f"alignment `{syntax.name.text}` is used by no claim",
                    syntax.name.span,
                    help=f"claim something about `iia({syntax.name.text})`, or remove it",
                )
