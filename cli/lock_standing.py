"""How a spec stands to the lock beside it: whether its criterion was fixed, and before what."""

from pathlib import Path

from ..compiler.locking.compare_locks import compare_locks
from ..compiler.locking.lock import Lock, lock_spec
from ..compiler.locking.lock_document import BadLockError, LockDocument, read_lock
from ..compiler.pipeline import Checked
from ..lang.diagnostics import Diagnostic, Label, Span
from ..lang.record import record

SHOWN = 12
"""How many hexadecimal digits of a lock's hash are printed."""


@record
class LockStanding:
    """`document` is the lock beside the spec (None: none that can be used).

    `problem` says why the criterion is not locked (None: it is); `words` say it in a phrase.
    """

    document: LockDocument | None
    problem: Diagnostic | None
    words: str

    @property
    def hash(self) -> str | None:
        """The lock's hash where it fits the spec."""
        return self.document.hash if self.document is not None and self.problem is None else None


def lock_path(spec: Path) -> Path:
    """`NAME.cspec.lock` beside `NAME.cspec`."""
    return spec.with_name(f"{spec.name}.lock")


def find_standing(checked: Checked) -> LockStanding:
    """Compare a checked spec with the lock beside it."""
    path = lock_path(checked.source.path)
    start = Label(Span(0, 0))
    try:
        document = read_lock(path)
    except BadLockError as bad:
        problem = Diagnostic(
            bad.code,
            f"the lock `{path.name}` cannot be used: {bad.reason}",
            start,
            help="restore it, or lock the spec as it is now with `cspec lock --update`",
        )
        return LockStanding(None, problem, f"not locked: `{path.name}` cannot be used: {bad.reason}")
    if document is None:
        problem = Diagnostic(
            "CS450",
            f"expected a lock `{path.name}` beside the spec, found none",
            start,
            help="write it with `cspec lock` before the claims are verified",
        )
        return LockStanding(None, problem, "not locked")
    now = lock_spec(checked)
    if document.hash != now.hash:
        changes = compare_locks(document.content, now)
        problem = Diagnostic(
            "CS451",
            f"`{path.name}` locks another criterion than the spec states",
            Label(_changed_claim(checked, document.content, now)),
            notes=changes,
            help="undo what changed, or lock the spec as it is now with `cspec lock --update`",
        )
        return LockStanding(document, problem, f"not locked: `{path.name}` does not match: {'; '.join(changes)}")
    return LockStanding(document, None, describe_lock(document))


def describe_lock(document: LockDocument) -> str:
    """`locked as 3f2a8c91d0b7, before any result`."""
    when = "but after results were known" if document.after_results else "before any result"
    return f"locked as {document.hash[:SHOWN]}, {when}"


def _changed_claim(checked: Checked, before: Lock, now: Lock) -> Span:
    """The first claim that differs from its lock; the text's start where none does."""
    for name, claim in checked.program.claims.items():
        section = f"claim {name}"
        if before.sections.get(section) != now.sections[section]:
            return claim.span
    return Span(0, 0)
