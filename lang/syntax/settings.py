"""Settings as they are written: entries, and blocks of them."""

from dataclasses import field

from ..diagnostics import NOWHERE, Span
from ..record import record
from .leaves import Decimal, Name


@record
class Setting:
    key: Name
    value: Decimal | Name
    span: Span = field(default=NOWHERE, compare=False)


@record
class SettingsBlock:
    """The entries of a `fit` block, or of a named block within `settings`."""

    name: Name
    entries: tuple[Setting, ...]
    span: Span = field(default=NOWHERE, compare=False)


@record
class SettingsSyntax:
    entries: tuple[Setting, ...]
    blocks: tuple[SettingsBlock, ...] = ()
    doc: str = ""
    span: Span = field(default=NOWHERE, compare=False)
