"""The components that sites are made of: how each is indexed, and when it is computed."""

from math import inf, nan

from ..record import record


@record
class Component:
    """`layered` and `headed`: which indices it takes. `positioned`: whether a site of it is always at a position.

    `stage` is when it is computed within its layer; `stages` of them make a layer. A component without layers is
    computed first (`-inf`), last (`inf`), or at a time that only its network knows (`nan`).
    """

    layered: bool = True
    headed: bool = False
    positioned: bool = True
    stage: float = 0
    stages: int = 1

    def depth(self, layer: int | None) -> float:
        """When a site is computed: later ones have a larger depth. `nan` compares with nothing."""
        return self.stage if layer is None else self.stages * layer + self.stage


def _in_block(stage: int, headed: bool = False) -> Component:
    """A component of a transformer's layer, which has eight stages; the last is the first of the next layer."""
    return Component(headed=headed, stage=stage, stages=7)


COMPONENTS: dict[str, Component] = {
    "hidden": Component(positioned=False),
    "resid": Component(),
    "embed": Component(layered=False, stage=-inf),
    "resid_pre": _in_block(0),
    "q": _in_block(1, headed=True),
    "k": _in_block(1, headed=True),
    "v": _in_block(1, headed=True),
    "head_out": _in_block(2, headed=True),
    "attn_out": _in_block(3),
    "resid_mid": _in_block(4),
    "mlp_act": _in_block(5),
    "mlp_out": _in_block(6),
    "resid_post": _in_block(7),
    "logits": Component(layered=False, positioned=False, stage=inf),
    "module": Component(layered=False, stage=nan),
}
"""By name, in the order in which the parts of a network are computed."""

PLAIN = ("hidden", "resid", "logits")
"""The components of networks that a file of tensors holds: of an MLP, and of a compiled transformer."""

REPLACED_BY = {"head_out": "attn_out", "mlp_act": "mlp_out"}
"""What is read through one other component of the layer alone: setting the other makes setting it void."""


def components_of(loader: str | None) -> tuple[str, ...]:
    """The components that a network of a loader can have: those of a file's format, or all others; None: any."""
    if loader is None:
        return tuple(COMPONENTS)
    return PLAIN if loader in ("torch", "jax") else tuple(c for c in COMPONENTS if c not in ("hidden", "resid"))


def is_module(component: str) -> bool:
    """Whether a placed component is a module by its path, `module("head")`, of which only the network knows more."""
    return component.startswith("module")


def same_vector(component: str, layer: int | None) -> tuple[str, int | None]:
    """One name for one vector: the stream after a layer is the stream before the next."""
    return ("resid_pre", layer + 1) if component == "resid_post" and layer is not None else (component, layer)
