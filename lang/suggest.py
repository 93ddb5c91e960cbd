"""A mistyped name and the names that exist -> "did you mean", or what there is."""

from collections.abc import Iterable

from .words.lookalikes import find_lookalike, tell_apart


def near_match(word: str, names: Iterable[str]) -> str | None:
    """The name that was probably meant."""
    import difflib  # only on the way to an error

    candidates = sorted(set(names))
    if len(word) > 60:
        return None
    by_lower = {name.lower(): name for name in reversed(candidates)}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """A help line with the near name, or nothing."""
    names = list(names)
    alike = find_lookalike(word, names)
    if alike is not None:
        return f"did you mean `{alike}`? {tell_apart(word, alike)}"
    near = near_match(word, names)
    return f"did you mean `{near}`?" if near else ""


def suggest(word: str, names: Iterable[str], what: str) -> str:
    """A help line: the near name, else the names there are, else that there are none. `what` is a plural."""
    names = [name for name in dict.fromkeys(names) if name]
    near = did_you_mean(word, names)
    if near:
        return near
    if not names:
        return f"there are no {what}"
    if len(names) <= 8:
        return f"the {what} are " + listed(names) if len(names) > 1 else f"there is only `{names[0]}`"
    return f"there are {len(names)} {what}, among them " + listed(names[:4])


def listed(names: Iterable[str], joint: str = "and") -> str:
    """`a`, `b` and `c`."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) <= 1:
        return "".join(quoted)
    return ", ".join(quoted[:-1]) + f" {joint} {quoted[-1]}"
