"""The lines of a model as written -> the one equation of each variable that may have one."""

from ...diagnostics import Label
from ...families import IndexedFamily, families_of, family_name, list_names
from ...scope import Reporter, Signature
from ...syntax.models import Equation, ModelSyntax


def find_equations(syntax: ModelSyntax, task: Signature, report: Reporter) -> dict[str, Equation]:
    """The first equation of each variable; inputs have none."""
    equations: dict[str, Equation] = {}
    around = families_of((*task.inputs, *task.outputs))
    inputs = {*task.inputs, *families_of(task.inputs)}
    for equation in syntax.equations:
        assert isinstance(equation, Equation), "loops are unrolled"
        name = equation.name
        if name.text not in {*task.inputs, *task.outputs} and family_name(name.text) in around:
            _report_outside(equation, around[family_name(name.text)], inputs, task, report)
        elif name.text in inputs:
            report.error(
                "CS202",
                f"`{name.text}` is an input of task `{task.name}` and cannot be assigned",
                name.span,
                help="choose another name for this variable",
            )
        elif name.text in equations:
            report.error(
                "CS203",
                f"variable `{name.text}` has two equations",
                name.span,
                "again here",
                related=[Label(equations[name.text].name.span, "first here")],
                help="rename or remove one of them",
            )
        else:
            equations[name.text] = equation
    missing = [name for name in task.outputs if name not in equations]
    if missing:
        what = "output" if len(missing) == 1 else "outputs"
        report.error(
            "CS200",
            f"model `{syntax.name.text}` has no equation for the {what} {list_names(missing)}",
            syntax.name.span,
            help=f"add a line `{missing[0]} = ...`"
            if len(missing) == 1
            else f"add a line for each, `{missing[0]} = ...`; a loop writes those of a family: "
            "`for i in 0..3 { out[i] = ... }`",
        )
    _check_kinds(equations, task, report)
    return equations


def _report_outside(
    equation: Equation, family: IndexedFamily, inputs: set[str], task: Signature, report: Reporter
) -> None:
    """An equation for something beyond a family of the task, or for the family as a whole."""
    name = equation.name
    if family.name in inputs:
        report.error(
            "CS202",
            f"`{family.name}` is an input of task `{task.name}` and cannot be assigned",
            name.span,
            help="choose another name for this variable",
        )
    elif name.text == family.name:
        report.error(
            "CS144",
            f"the output `{name.text}` is a family, found it without an index",
            name.span,
            "which member is meant",
            help=f"write a line for each of {family.text}: `for i in 0..3 {{ {name.text}[i] = ... }}`",
        )
    else:
        report.error(
            "CS140",
            f"there is no `{name.text}`: the members of the output `{family.name}` are {family.text}",
            name.span,
            help="change the index, or what the loop runs through",
        )


def _check_kinds(equations: dict[str, Equation], task: Signature, report: Reporter) -> None:
    """A name is a variable or a family, not both."""
    for name, equation in equations.items():
        family = family_name(name)
        if family != name and (family in equations or family in task.inputs):
            first = [Label(equations[family].name.span, "the variable")] if family in equations else []
            report.error(
                "CS206",
                f"`{family}` is a variable, and `{name}` a member of a family `{family}`",
                equation.name.span,
                related=first,
                help="give one of them another name",
            )
