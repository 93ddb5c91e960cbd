"""Which names of a model an alignment can place: its variables, and the families that are one variable each."""

from ...descent import descendants
from ...families import family_name
from ...scope import Reporter, Signature
from ...suggest import suggest
from ...syntax.leaves import Name
from ...unroll.static_index import report_no_member
from ..models.model import CheckedModel


def is_alignable(
    name: Name, model: str, checked: CheckedModel | None, task: Signature | None, report: Reporter
) -> bool:
    """Whether a name is a variable of the model, or a family that is one; it is reported where it is neither."""
    if checked is None:
        return False
    if name.text in checked.families and checked.model is not None:
        return _is_one_variable(name, checked, report)
    if name.text in checked.variables:
        return True
    if family_name(name.text) in checked.families:
        report_no_member(name, checked.families[family_name(name.text)], report)
        return False
    if task is None:
        return False
    if name.text in task.inputs:
        report.error(
            "CS301",
            f"`{name.text}` is an input; only variables of model `{model}` are aligned",
            name.span,
            help=f"give it an equation in the model, `{name.text}_read = {name.text}`, and align that",
        )
    else:
        report.error(
            "CS101",
            f"expected a variable of model `{model}`, found the unknown name `{name.text}`",
            name.span,
            "not declared",
            help=suggest(name.text, checked.variables, "variables"),
        )
    return False


def _is_one_variable(name: Name, checked: CheckedModel, report: Reporter) -> bool:
    """Whether a family can be set as a whole; where it cannot, its members can be placed one by one."""
    model, family = checked.model, checked.families[name.text]
    if model is None or name.text in model.families:
        return model is not None
    below = descendants(model)
    read_each_other = any(below[member] & set(family.members) for member in family.members)
    report.error(
        "CS318",
        f"the members of `{name.text}` "
        + ("read each other" if read_each_other else "have more than 2^62 values together")
        + ", so that they are no one variable",
        name.span,
        help=f"place them one by one, {family.text}" + (", each later than what it reads" * read_each_other),
    )
    return False
