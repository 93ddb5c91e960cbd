"""What a search for a witness found -> the notes that show it, or the warning that it proved nothing."""

from ....lang.diagnostics import Diagnostic, Label, Span
from ...causal_model import CausalModel
from .find_witness import Undecided
from .searches import Witness


def show_witness(model: CausalModel, witness: Witness) -> tuple[str, ...]:
    """The input, what was set, and how it was found."""
    shown = f"for the input {model.show_input(witness.inputs)}"
    if witness.setting:
        values = (f"`{v}` set to {model.domains[v].show(value)}" for v, value in witness.setting.items())
        shown += f", with {', '.join(values)} by an interchange"
    return (shown, witness.how)


def warn_undecided(statement: str, span: Span, search: Undecided) -> Diagnostic:
    """That a statement was checked by sampling only."""
    return Diagnostic(
        "CS224",
        f"that {statement} could be checked by sampling only",
        Label(span),
        notes=(f"by sampling: no counterexample among {search.samples:,} random inputs",),
        help="smaller domains, or simpler equations, let it be proved",
        severity="warning",
    )
