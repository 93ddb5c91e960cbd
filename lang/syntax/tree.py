"""The syntax tree of a whole file: its declarations in order."""

from dataclasses import dataclass, field

from ..diagnostics import NOWHERE, Span
from .alignments import AlignSyntax
from .claims import ClaimSyntax
from .models import ModelSyntax
from .networks import NetworkSyntax
from .pairs import PairsSyntax
from .settings import SettingsSyntax
from .tasks import TaskSyntax, TypeSyntax

Declaration = (
    TypeSyntax | TaskSyntax | ModelSyntax | NetworkSyntax | AlignSyntax | PairsSyntax | ClaimSyntax | SettingsSyntax
)


@dataclass(frozen=True)
class BrokenDeclaration:
    """A declaration that could not be read: what it would have declared is known by name, and not reported again."""

    keyword: str
    name: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class SyntaxTree:
    """A whole file, in order of declaration."""

    doc: str
    declarations: tuple[Declaration, ...]
    broken: tuple[BrokenDeclaration, ...] = ()
