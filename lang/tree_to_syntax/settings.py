"""Rules of settings, of `fit` blocks among them."""

from typing import Any

from ..diagnostics import Span
from ..syntax.leaves import Decimal, Name
from ..syntax.settings import Setting, SettingsBlock, SettingsSyntax
from .leaves import fraction_of, name_of, of_kind


def build_fit(span: Span, children: list[Any]) -> SettingsBlock:
    return SettingsBlock(name_of(children[0]), tuple(children[1:]), span)


build_setting_block = build_fit


def build_setting(span: Span, children: list[Any]) -> Setting:
    key, *sign, token = children
    value: Decimal | Name
    if token.type == "NAME":
        value = name_of(token)
    else:
        minus = sign[0] if sign else None
        start = minus.start_pos if minus else token.start_pos
        number = -fraction_of(token) if minus else fraction_of(token)
        value = Decimal(number, token.type == "INT", Span(start, token.end_pos))
    return Setting(name_of(key), value, span)


def build_settings(span: Span, children: list[Any]) -> SettingsSyntax:
    return SettingsSyntax(of_kind(children, Setting), of_kind(children, SettingsBlock), span=span)
