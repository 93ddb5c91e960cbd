"""From a component as specs name it to the end of a module where it is read and written."""

import difflib
from functools import partial

from torch import nn

from ....compiler.network_facts import BETWEEN_LAYERS, TransformerFacts
from ...errors import EnvironmentProblem
from .edits import Site
from .families import Family, Port

_GIVES, _READS = Port("", "gives"), Port("", "reads")


def find_site(
    family: Family | None, facts: TransformerFacts, component: str, layer: int | None, path: str | None = None
) -> Site:
    """The site of a component at a layer, or of the module at a dotted path, which is there.

    Raises:
        ValueError: the network has no such component, or not at this layer.
    """
    name = component if layer is None else f"{component}[{layer}]"
    if component == "module" and path is not None:
        return _module_site(family, facts.blocks, path)
    if component == "logits" and layer is None:
        return Site(name, None, _GIVES, facts.blocks, late=True)
    if family is not None:
        if component == "embed" and layer is None:
            return Site(name, family.embed, _GIVES, 0, early=True)
        if layer is not None and 0 <= layer < facts.blocks:
            if component in BETWEEN_LAYERS:
                point = layer + (component == "resid_post")
                return Site(name, entrance(family, facts.blocks, point), _READS, point)
            port: Port | None = getattr(family.ports, component, None)
            if port is not None:
                inner = f"{family.stack}.{layer}.{port.module}"
                return Site(name, inner, port, layer, heads=facts.heads_of(component))
    raise ValueError(f"the network has no site {name}")


def entrance(family: Family, blocks: int, layer: int) -> str:
    """The path of the module that reads the stream before a layer, or after the last of so many."""
    return f"{family.stack}.{layer}" if layer < blocks else family.final


def check_module(model: nn.Module, path: str) -> None:
    """There is a module at a dotted path.

    Raises:
        EnvironmentProblem: there is none.
    """
    names = [name for name, _ in model.named_modules() if name]
    if path not in names:
        near = difflib.get_close_matches(path, names, n=1)
        help = f"did you mean `{near[0]}`?" if near else f"its modules start with `{names[0]}`"
        raise EnvironmentProblem("CS538", f"the network has no module `{path}`", help)


def _module_site(family: Family | None, blocks: int, path: str) -> Site:
    site = partial(Site, f'module("{path}")', path, _GIVES, changes=True)
    if family is None:
        return site(0)
    if _within(path, family.head) or _within(family.stack, path):
        return site(blocks, late=True)
    if _within(path, family.stack):
        return site(int(path.removeprefix(f"{family.stack}.").split(".")[0]))
    if _within(path, family.final):
        return site(blocks)
    return site(0, early=True)


def _within(path: str, outer: str) -> bool:
    return path == outer or path.startswith(f"{outer}.")
