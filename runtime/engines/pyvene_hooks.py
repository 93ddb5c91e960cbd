"""Hooks on a network's modules beside those that pyvene sets and removes."""

import contextlib
from collections.abc import Callable, Iterator

from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.utils.hooks import RemovableHandle

from .pyvene_hosts import HookedSite, PyveneHost


@contextlib.contextmanager
def after_interventions(host: PyveneHost, site: HookedSite, hook: Callable[[Tensor], Tensor | None]) -> Iterator[None]:
    """Call a hook on the activation at a site in every run, after what pyvene does to it there.

    pyvene first removes every hook that a network has, and then adds its own, which are called before those that
    are added later. So this one is added whenever the network is called, by a hook on all modules.
    """
    handles = list[RemovableHandle]()
    columns = list(site.columns)

    def edited(state: Tensor) -> Tensor:
        changed = hook(state[..., columns])
        if changed is None:
            return state
        whole = state.clone()
        whole[..., columns] = changed
        return whole

    def add(module: nn.Module, _: object) -> None:
        if module is host.root:
            while handles:
                handles.pop().remove()
            handles.append(hook_end(module.get_submodule(site.path), site.end, edited))

    adding = register_module_forward_pre_hook(add)
    try:
        yield
    finally:
        for handle in (adding, *handles):
            handle.remove()


def hook_end(module: nn.Module, end: str, edit: Callable[[Tensor], Tensor]) -> RemovableHandle:
    """Edit the activation at an end of a module."""
    if end == "input":
        return module.register_forward_pre_hook(lambda _, inputs: (edit(inputs[0]), *inputs[1:]))
    return module.register_forward_hook(
        lambda _, __, output: (edit(output[0]), *output[1:]) if isinstance(output, tuple) else edit(output)
    )
