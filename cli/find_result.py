"""Which stored result a word on the command line means: a file, a spec's newest one, or `SPEC@KEY`."""

from pathlib import Path

from ..lang.record import record
from ..runtime.deciding.verdicts import Result
from ..runtime.results.result_document import BadResultError, load_result
from ..runtime.results.store import RESULT_DIGITS, Store
from .workflow import open_store


@record
class FoundResult:
    """A result, its file, the store that its scores lie in, and where its spec should be."""

    path: Path
    result: Result
    store: Store
    spec: Path


class ResultProblem(Exception):
    """A result that cannot be had, or not be compared: `code` of the diagnostic, what is wrong, what to do."""

    def __init__(self, code: str, message: str, help: str) -> None:
        super().__init__(message)
        self.code, self.message, self.help = code, message, help


def find_result(word: str, folder: str | None) -> FoundResult:
    """Read the result that is meant; `folder` names the store where it does not lie around the result or the spec.

    Raises:
        ResultProblem: there is none, it cannot be read, it is no result, or several are meant.
    """
    if word.endswith(".json"):
        path = Path(word)
        store = Store(Path(folder)) if folder is not None else Store(path.parent.parent)
        spec = None
    else:
        spec = Path(_split(word)[0])
        path, store = _find_stored(word, folder)
    try:
        result = load_result(path)
        return FoundResult(path, result, store, spec or path.parent.parent.parent / result.spec)
    except OSError as problem:
        raise ResultProblem("CS454", f"the result `{word}` cannot be read: {problem.strerror}", _FORMS) from None
    except BadResultError as bad:
        help = "results are written by `cspec verify`; run it again"
        raise ResultProblem("CS455", f"`{word}` is no result that can be compared: {bad}", help) from None


_FORMS = "name a file in `.cspec/results`, or a spec for its newest result"


def _find_stored(word: str, folder: str | None) -> tuple[Path, Store]:
    """The newest result of a spec, or the one whose plan's key starts as is said after `@`."""
    name, key = _split(word)
    spec = Path(name)
    store = open_store(spec, folder)
    found = [
        path for path in store.results(spec.stem) if path.stem[len(spec.stem) + 1 :].startswith(key[:RESULT_DIGITS])
    ]
    if not found:
        wanted = f"a result of `{name}`" + (f" whose key starts with `{key}`" if key else "")
        message = f"expected {wanted} in the store, found none"
        raise ResultProblem("CS457", message, "run `cspec verify` first, or name the store with `--store`")
    if key and len(found) > 1:
        names = ", ".join(f"`{path.stem}`" for path in sorted(found))
        raise ResultProblem("CS457", f"`{word}` means several results: {names}", "give more digits of the key")
    return found[0], store


def _split(word: str) -> tuple[str, str]:
    """`SPEC@KEY` as its two parts; the key is empty where none is given."""
    if "@" not in word or Path(word).exists():
        return word, ""
    name, key = word.rsplit("@", 1)
    return name, key
