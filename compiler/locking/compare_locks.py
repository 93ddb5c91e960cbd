"""Two locks in, what changed between them in words out: one change a line."""

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from .lock import Lock, LockedClaim, LockedFit, LockedItems, LockedQuantity, LockedRecipe


def compare_locks(before: Lock, now: Lock) -> tuple[str, ...]:
    """What makes the hashes differ, in the locks' order; empty where they are equal."""
    if before.hash == now.hash:
        return ()
    laws = [f"the law of {name} changed ({words})" for name, words in _changes(before.laws, now.laws)]
    settings = [f"settings changed: `{name}` ({words})" for name, words in _changes(before.settings, now.settings)]
    recipes = _recipes(before.recipes, now.recipes)
    return (*laws, *settings, *_weights(before, now), *recipes, *_claims(before, now))


def _weights(before: Lock, now: Lock) -> list[str]:
    """Networks whose bytes changed; a network that only has another name is not said."""
    old, new = ({name: w.sha256 for name, w in lock.weights.items()} for lock in (before, now))
    changed = [f"weights of `{name}` changed" for name in old if name in new and old[name] != new[name]]
    gone = [f"the network `{name}` is gone" for name in old if name not in new and old[name] not in new.values()]
    added = [f"the network `{name}` is new" for name in new if name not in old and new[name] not in old.values()]
    return changed + gone + added


_RECIPE_WORDS = {"shares": "shares", "held_out": "held-out values", "where": "conditions"}


def _recipes(old: Mapping[str, LockedRecipe], new: Mapping[str, LockedRecipe]) -> list[str]:
    """Recipes that changed, went or came; one that only has another name is not said."""
    changed = [
        f"the recipe `{name}` changed: its {', '.join(_RECIPE_WORDS[what] for what, _ in _changes(old[name], recipe))}"
        for name, recipe in new.items()
        if name in old and old[name] != recipe
    ]
    gone = [f"the recipe `{name}` is gone" for name in old if name not in new and old[name] not in new.values()]
    added = [f"the recipe `{name}` is new" for name in new if name not in old and new[name] not in old.values()]
    return changed + gone + added


def _claims(before: Lock, now: Lock) -> list[str]:
    """Claims that went, came or changed; new bytes of weights are said once, and not for every claim again."""
    renewed = {w.sha256: now.weights[name].sha256 for name, w in before.weights.items() if name in now.weights}
    said = [f"claim `{name}` is gone" for name in before.claims if name not in now.claims]
    for name, claim in now.claims.items():
        if name not in before.claims:
            said.append(f"claim `{name}` is new")
            continue
        old = before.claims[name]
        estimands = tuple(_renew(estimand, renewed) for estimand in old.estimands)
        aspects = _aspects(replace(old, estimands=estimands), claim, before.settings.seed == now.settings.seed)
        if aspects:
            said.append(f"claim `{name}` changed: {', '.join(aspects)}")
    return said


def _renew(old: LockedQuantity, renewed: Mapping[str, str]) -> LockedQuantity:
    """An estimand as if its networks had the new bytes already."""
    fit = None if old.fit is None else replace(old.fit, weights=renewed.get(old.fit.weights, old.fit.weights))
    return replace(old, weights=renewed.get(old.weights, old.weights), fit=fit)


def _aspects(old: LockedClaim, new: LockedClaim, same_seed: bool) -> list[str]:
    said = []
    if old.parts != new.parts:
        said.append(f"its parts (`{_parts(old)}` before, `{_parts(new)}` now)")
    if old.expectation != new.expectation:
        said.append(f"its expectation ({old.expectation} before, {new.expectation} now)")
    if old.exhaustively != new.exhaustively:
        said.append("whether it is decided exhaustively")
    if old.alpha != new.alpha:
        said.append(f"its share of the error budget ({old.alpha:.4g} before, {new.alpha:.4g} now)")
    if len(old.estimands) != len(new.estimands):
        return [*said, "its estimands"]
    for one, other in zip(old.estimands, new.estimands, strict=True):
        said += _estimand(one, other, same_seed)
    return list(dict.fromkeys(said))


def _estimand(old: LockedQuantity, new: LockedQuantity, same_seed: bool) -> list[str]:
    said = []
    if old.weights != new.weights:
        said.append("its network")
    if old.items != new.items:
        said.append("its items" + _counts(old.items, new.items))
    if old.measures != new.measures:
        said.append("what it measures")
    if old.places != new.places:
        said.append("its sites or maps")
    if old.fit != new.fit:
        said.append("its fit" + _fit(old.fit, new.fit))
    if old.controls != new.controls and not said and same_seed:
        said.append("its controls")  # otherwise they follow from what is said already
    return said


def _counts(old: LockedItems, new: LockedItems) -> str:
    if old.count is None or new.count is None or old.count == new.count:
        return ""
    return f" ({old.count:,} before, {new.count:,} now)"


def _fit(old: LockedFit | None, new: LockedFit | None) -> str:
    if old is None or new is None:
        return ""
    words = [f"`{name}` {words}" for name, words in _changes(old.settings, new.settings)]
    return f" ({', '.join(words)})" if words else ""


def _parts(claim: LockedClaim) -> str:
    """All parts, with the estimands' own texts."""

    def name(found: re.Match[str]) -> str:
        return claim.estimands[int(found[1]) - 1].estimand

    return " and ".join(re.sub(r"\[(\d+)\]", name, part) for part in claim.parts)


def _changes(old: Any, new: Any) -> list[tuple[str, str]]:
    """The fields that differ, each with `A before, B now`; fields of fields by their own name."""
    one, two = _table(old), _table(new)
    found: list[tuple[str, str]] = []
    for name in dict.fromkeys((*one, *two)):
        a, b = one.get(name), two.get(name)
        if a == b:
            continue
        if is_dataclass(a) and is_dataclass(b):
            found += _changes(a, b)
        else:
            found.append((name, f"{_show(a)} before, {_show(b)} now"))
    return found


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {f.name: getattr(value, f.name) for f in fields(value)}


def _show(value: Any) -> str:
    return "none" if value is None else f"{value:,}" if isinstance(value, int) else f"{value}"
