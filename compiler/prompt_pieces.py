"""Pieces of prompts: a template is cut where a tokenizer cuts every text, so that each piece's tokens are its own.

A prompt's tokens are then those of its pieces, one after the other, and a piece with one slot has no more texts than
the slot has values, where prompts have the product of all.
"""

from collections.abc import Sequence
from functools import lru_cache

from ..lang.texts import Slot, Template

BLANK = " "


@lru_cache(maxsize=256)
def cut_template(template: Template, closed: tuple[bool, ...]) -> tuple[Template, ...]:
    """The pieces of a template around its slots: each cut is before a lone blank, between two other characters.

    `closed` says of each slot whether each of its texts begins and ends with something else than a blank, so that a
    blank beside it is a lone one.
    """
    atoms = [atom for part in template.parts for atom in ([part] if isinstance(part, Slot) else part)]
    slots = iter(closed)
    firm = [next(slots) if isinstance(atom, Slot) else not atom.isspace() for atom in atoms]
    pieces: list[list[str | Slot]] = [[]]
    for index, atom in enumerate(atoms):
        if atom == BLANK and 0 < index < len(atoms) - 1 and firm[index - 1] and firm[index + 1]:
            pieces.append([])
        pieces[-1].append(atom)
    joined: list[list[str | Slot]] = []
    for piece in pieces:
        if joined and not _has_slot(joined[-1]) and not _has_slot(piece):  # nothing is won by cutting text off text
            joined[-1] += piece
        else:
            joined.append(piece)
    return tuple(_as_template(piece) for piece in joined)


def _has_slot(piece: Sequence[str | Slot]) -> bool:
    return any(isinstance(atom, Slot) for atom in piece)


def _as_template(piece: Sequence[str | Slot]) -> Template:
    parts = list[str | Slot]()
    for atom in piece:
        if isinstance(atom, str) and parts and isinstance(parts[-1], str):
            parts[-1] += atom
        else:
            parts.append(atom)
    return Template(tuple(parts))
