"""cspec: a declarative language and compiler for causal abstraction.

`check`, `compile` and `verify` take the path of a `.cspec` file, and raise `SpecError` where it is wrong,
`EnvironmentProblem` where what it rests on is. They are resolved when first used, so that checking a spec loads no
torch.

>>> import cspec
>>> result = cspec.verify("exchanged.cspec")
>>> result["solves"].outcome
'holds'
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cli.workflow import check as check
    from .cli.workflow import compile as compile
    from .cli.workflow import verify as verify
    from .lang.diagnostics import SpecError as SpecError
    from .runtime.errors import EnvironmentProblem as EnvironmentProblem

__all__ = ["EnvironmentProblem", "SpecError", "check", "compile", "verify"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module `cspec` has no attribute `{name}`")
    if name == "SpecError":
        from .lang.diagnostics import SpecError

        return SpecError
    if name == "EnvironmentProblem":
        from .runtime.errors import EnvironmentProblem

        return EnvironmentProblem
    from .cli import workflow

    return getattr(workflow, name)
