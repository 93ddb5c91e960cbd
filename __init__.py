"""cspec: a declarative language and compiler for causal abstraction.

`check`, `compile` and `verify` take the path of a `.cspec` file. They are resolved when first used, so that checking
a spec loads no torch.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cli.workflow import check as check
    from .cli.workflow import compile as compile
    from .cli.workflow import verify as verify
    from .lang.diagnostics import SpecError as SpecError

__all__ = ["SpecError", "check", "compile", "verify"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module `cspec` has no attribute `{name}`")
    if name == "SpecError":
        from .lang.diagnostics import SpecError

        return SpecError
    from .cli import workflow

    return getattr(workflow, name)
