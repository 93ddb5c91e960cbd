"""What the commands and the Python functions share: read a spec, check it, compile it, verify it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..compiler.pipeline import Checked, check_spec, compile_spec
from ..lang.diagnostics import Diagnostic, Label, Source, Span, SpecError
from ..lang.program import Program

if TYPE_CHECKING:  # neither networkx nor torch is loaded to check a spec
    from ..compiler.plan import EngineName, Plan
    from ..runtime.deciding.verdicts import Docs, Result
    from ..runtime.progress import Progress
    from ..runtime.results.store import Store
    from .lock_standing import LockStanding

MAX_BYTES = 1_000_000


def read_source(path: Path) -> Source:
    """A spec's text.

    Raises:
        OSError: the file cannot be read.
        SpecError: it is not UTF-8 text, or too large to be a spec.
    """
    return decode_source(path, path.read_bytes())


def decode_source(path: Path, data: bytes) -> Source:
    """A spec's text from its bytes.

    Raises:
        SpecError: it is not UTF-8 text, or too large to be a spec.
    """
    if len(data) > MAX_BYTES:
        raise _unreadable(path, "CS004", f"expected at most {MAX_BYTES:,} bytes, found {len(data):,}")
    try:
        return Source(path, data.decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        raise _unreadable(path, "CS005", f"expected UTF-8 text, found byte {data[problem.start]:#04x}") from None


def check(path: str | Path, *, allow_path: bool = False) -> Checked:
    """Check a spec without loading any weights.

    Raises:
        SpecError: every error and warning that was found.
        OSError: the spec cannot be read.

    >>> checked = cspec.check("exchanged.cspec")
    >>> list(checked.program.claims)
    ['solves', 'wrong', 'alone', 'joint']
    >>> checked.warnings
    ()
    """
    return check_spec(read_source(Path(path)), allow_path)


def compile(path: str | Path, *, allow_path: bool = False) -> "Plan":
    """Check a spec and compile it to a plan.

    Raises:
        SpecError: every error and warning that was found.
        OSError: the spec cannot be read.

    >>> plan = cspec.compile("exchanged.cspec")
    >>> [step.kind for step in plan.steps()][-1]
    'Decide'
    """
    return compile_spec(check(path, allow_path=allow_path))


def verify(
    path: str | Path,
    *,
    allow_path: bool = False,
    store: str | Path | None = None,
    locked: bool = False,
    engine: "EngineName | None" = None,
    fit_engine: "EngineName | None" = None,
    progress: "Progress | None" = None,
    decided: "Callable[[Result], None]" = lambda result: None,
) -> "Result":
    """Check, compile and run a spec; the verdicts by claim name.

    Args:
        path: the `.cspec` file.
        allow_path: permit checkpoints above the spec's folder.
        store: the folder of results; `.cspec` beside the spec by default.
        locked: refuse a spec without a lock that fits it.
        engine: what runs the network: `fused`, or one of the references, `hooks` and `pyvene`; None for the fastest
            that can.
        fit_engine: what fits maps, or did so before; None for the same engine.
        progress: told how far long work is.
        decided: told the result so far whenever a verdict falls.

    Raises:
        SpecError: every error and warning that was found.
        EnvironmentProblem: a checkpoint or the store is broken.
        OSError: the spec cannot be read.

    >>> result = cspec.verify("exchanged.cspec")
    >>> result["joint"].outcome, result["joint"].quantities[0].exact
    ('holds', '9/17')
    >>> result.exit_code
    0
    """
    checked = check(path, allow_path=allow_path)
    if not checked.program.claims and not checked.program.graphs:
        raise SpecError(checked.source, (*checked.warnings, no_claims(checked.source)))
    standing = lock_standing(checked, locked)
    return run(checked, standing, open_store(checked.source.path, store), progress, decided, engine, fit_engine)


def lock_standing(checked: Checked, locked: bool) -> "LockStanding":
    """How a spec stands to the lock beside it.

    Raises:
        SpecError: it is to be `locked`, and no lock fits it.
    """
    from .lock_standing import find_standing

    standing = find_standing(checked)
    if locked and standing.problem is not None:
        raise SpecError(checked.source, (standing.problem,))
    return standing


def run(
    checked: Checked,
    standing: "LockStanding",
    store: "Store",
    progress: "Progress | None",
    decided: "Callable[[Result], None]",
    engine: "EngineName | None" = None,
    fit_engine: "EngineName | None" = None,
    measured: "Callable[[Result], None]" = lambda result: None,
) -> "Result":
    """Compile a checked spec and run its plan; the result says whether its criterion was locked."""
    from ..runtime.verify import verify_plan

    program = checked.program
    plan = compile_spec(checked, engine, fit_engine)
    return verify_plan(
        plan,
        checked.source.path.name,
        spec_docs(program),
        program.settings.seed,
        store,
        progress,
        decided,
        standing.hash,
        standing.words,
        measured,
    )


def spec_docs(program: Program) -> "Docs":
    """What a spec and its declarations say of themselves, for results and graphs."""
    from ..runtime.deciding.verdicts import DocRow, Docs

    return Docs(program.doc, tuple(DocRow(doc.kind, doc.name, doc.text) for doc in program.docs))


def open_store(spec: Path, folder: str | Path | None) -> "Store":
    """The store of a spec: `.cspec` beside it unless a folder is named."""
    from ..runtime.results.store import Store

    return Store(Path(folder) if folder is not None else spec.parent / ".cspec")


def no_claims(source: Source, command: str = "verify") -> Diagnostic:
    """`verify` or `lock` on a file without claims."""
    return Diagnostic(
        "CS435",
        f"expected a claim, found none: there is nothing to {command}",
        Label(Span(0, 0)),
        help="add one, for instance `claim solves: accuracy(mlp) >= 0.99`",
    )


def _unreadable(path: Path, code: str, message: str) -> SpecError:
    help = "a spec is a short text file in UTF-8"
    return SpecError(Source(path, ""), (Diagnostic(code, message, Label(Span(0, 0)), help=help),))
