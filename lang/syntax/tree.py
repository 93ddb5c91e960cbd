"""The syntax tree of a whole file: its declarations in order."""

from dataclasses import field

from ..diagnostics import NOWHERE, Span
from ..record import record
from .alignments import AlignSyntax
from .circuits import CircuitSyntax, GraphSyntax
from .claims import ClaimSyntax
from .imports import ImportSyntax
from .members import ForSyntax
from .models import ModelSyntax
from .networks import NetworkSyntax
from .pairs import PairsSyntax
from .settings import SettingsSyntax
from .tables import FunctionSyntax, TableSyntax
from .tasks import TaskSyntax, TypeSyntax

Declaration = (
    ImportSyntax
    | TypeSyntax
    | TableSyntax
    | FunctionSyntax
    | TaskSyntax
    | ModelSyntax
    | NetworkSyntax
    | AlignSyntax
    | PairsSyntax
    | ClaimSyntax
    | CircuitSyntax
    | GraphSyntax
    | SettingsSyntax
)
DeclarationLoop = ForSyntax[Declaration]

KEYWORDS: dict[type, str] = {
    ImportSyntax: "import",
    TypeSyntax: "type",
    TableSyntax: "table",
    FunctionSyntax: "fn",
    TaskSyntax: "task",
    ModelSyntax: "model",
    NetworkSyntax: "network",
    AlignSyntax: "align",
    PairsSyntax: "pairs",
    ClaimSyntax: "claim",
    CircuitSyntax: "circuit",
    GraphSyntax: "graph",
    SettingsSyntax: "settings",
}
"""The word that opens each declaration."""


@record
class BrokenDeclaration:
    """A declaration that could not be read: what it would have declared is known by name, and not reported again."""

    keyword: str
    name: str
    span: Span = field(default=NOWHERE, compare=False)


@record
class SyntaxTree:
    """A whole file, in order of declaration; unrolled, there is no loop."""

    doc: str
    declarations: tuple[Declaration | DeclarationLoop, ...]
    broken: tuple[BrokenDeclaration, ...] = ()
