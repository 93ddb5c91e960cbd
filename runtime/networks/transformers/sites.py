"""From a component as specs name it to the end of a module where it is read and written."""

import difflib

from torch import nn

from ....compiler.network_facts import TransformerFacts
from ...errors import EnvironmentProblem
from .edits import Site
from .families import Family, Port

_GIVES, _READS = Port("", "gives"), Port("", "reads")


def find_site(
    model: nn.Module,
    family: Family | None,
    facts: TransformerFacts,
    component: str,
    layer: int | None,
    path: str | None,
) -> Site:
    """The site of a component at a layer, or of the module at a dotted path.

    Raises:
        EnvironmentProblem: there is no such module.
        ValueError: the network has no such component, or not at this layer.
    """
    name = component if layer is None else f"{component}[{layer}]"
    if component == "module" and path is not None:
        return _module_site(model, family, path)
    if component == "logits" and layer is None:
        return Site(name, None, _GIVES, _blocks(model, family), late=True)
    if family is not None:
        blocks = _blocks(model, family)
        if component == "embed" and layer is None:
            return Site(name, model.get_submodule(family.embed), _GIVES, 0, early=True)
        if layer is not None and 0 <= layer < blocks:
            if component in ("resid_pre", "resid_post"):
                point = layer + (component == "resid_post")
                return Site(name, entrance(model, family, point), _READS, point)
            port: Port | None = getattr(family.ports, component, None)
            if port is not None:
                module = model.get_submodule(f"{family.stack}.{layer}.{port.module}")
                return Site(name, module, port, layer, heads=facts.heads_of(component))
    raise ValueError(f"the network has no site {name}")


def entrance(model: nn.Module, family: Family, layer: int) -> nn.Module:
    """The module that reads the stream before a layer, or after the last."""
    return model.get_submodule(f"{family.stack}.{layer}" if layer < _blocks(model, family) else family.final)


def _blocks(model: nn.Module, family: Family | None) -> int:
    return 0 if family is None else len(list(model.get_submodule(family.stack).children()))


def _module_site(model: nn.Module, family: Family | None, path: str) -> Site:
    name = f'module("{path}")'
    try:
        module = model.get_submodule(path)
    except AttributeError:
        raise EnvironmentProblem("CS538", f"the network has no module `{path}`", _nearest(model, path)) from None
    if family is None:
        return Site(name, module, _GIVES, 0)
    blocks = _blocks(model, family)
    if _within(path, family.head) or family.stack.startswith(f"{path}.") or path == family.stack:
        return Site(name, module, _GIVES, blocks, late=True)
    if _within(path, family.stack):
        return Site(name, module, _GIVES, int(path.removeprefix(f"{family.stack}.").split(".")[0]))
    if _within(path, family.final):
        return Site(name, module, _GIVES, blocks)
    return Site(name, module, _GIVES, 0, early=True)


def _within(path: str, outer: str) -> bool:
    return path == outer or path.startswith(f"{outer}.")


def _nearest(model: nn.Module, path: str) -> str:
    names = [name for name, _ in model.named_modules() if name]
    near = difflib.get_close_matches(path, names, n=1)
    return f"did you mean `{near[0]}`?" if near else f"its modules start with `{names[0]}`"
