"""The transformer that tracr compiles programs to: no layer norm, so that every variable stays exact.

Lindner et al., "Tracr: Compiled Transformers as a Laboratory for Interpretability" (arXiv 2301.05062).
"""

import math

import torch
from torch import Tensor, nn

from ...compiler.network_facts import TracrFacts
from .stages import PlainNetwork


class Tracr(PlainNetwork):
    """A compiled transformer. Stage s is the residual stream `resid[s]`, shape [item, position, width].

    Stage 0 is the embedding, with `bos` at position 0; each further stage adds the output of a half-layer to the one
    before it: attention at 1 + 2l, the MLP at 2 + 2l. Its modules are named as the tensors in the checkpoint.
    """

    def __init__(self, facts: TracrFacts) -> None:
        super().__init__("resid", facts.last_layer + 1)
        self.bos = facts.bos
        self.token_embed = nn.Parameter(torch.zeros(facts.vocabulary, facts.stream))
        self.pos_embed = nn.Parameter(torch.zeros(facts.context, facts.stream))
        for layer in range(facts.blocks):
            self.add_module(f"L{layer}", nn.ModuleDict({"attn": Attention(facts), "mlp": FeedForward(facts)}))
        self.unembed = nn.Parameter(torch.zeros(facts.stream, facts.classes))

    def start(self, tokens: Tensor) -> Tensor:
        """See `PlainNetwork.start`: n tokens give n + 1 positions."""
        ids = nn.functional.pad(tokens, (1, 0), value=self.bos)
        return self.token_embed[ids] + self.pos_embed[: ids.shape[1]]

    def step(self, stage: int, x: Tensor) -> Tensor:
        """See `PlainNetwork.step`."""
        layer, half = divmod(stage - 1, 2)
        added: Tensor = self.get_submodule(f"L{layer}.{('attn', 'mlp')[half]}")(x)
        return x + added

    def answer(self, x: Tensor) -> Tensor:
        """See `PlainNetwork.answer`."""
        return x @ self.unembed


class Affine(nn.Module):
    """x w + b with w of shape [in, out]."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.zeros(before, after))
        self.b = nn.Parameter(torch.zeros(after))

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.w + self.b


class Attention(nn.ModuleDict):
    """Attention of all positions to all (`causal`: to those up to their own); logits are scaled by 1/sqrt(key)."""

    def __init__(self, facts: TracrFacts) -> None:
        inner = facts.heads * facts.key
        super().__init__({name: Affine(facts.stream, inner) for name in "qkv"} | {"o": Affine(inner, facts.stream)})
        self.heads, self.causal = facts.heads, facts.causal

    def forward(self, x: Tensor) -> Tensor:
        """What is added to the stream, shape [item, position, width]."""
        q, k, v = (self[name](x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for name in "qkv")
        logits = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])  # [item, head, reader, read]
        if self.causal:
            later = torch.ones(logits.shape[-2:], dtype=torch.bool, device=x.device).triu(1)
            logits = logits.masked_fill(later, -math.inf)
        mixed = (logits.softmax(-1) @ v).transpose(1, 2).flatten(2)
        added: Tensor = self["o"](mixed)
        return added


class FeedForward(nn.ModuleDict):
    """One hidden layer with ReLU, the same at every position."""

    def __init__(self, facts: TracrFacts) -> None:
        super().__init__({"in": Affine(facts.stream, facts.mlp), "out": Affine(facts.mlp, facts.stream)})

    def forward(self, x: Tensor) -> Tensor:
        """What is added to the stream, shape [item, position, width]."""
        added: Tensor = self["out"](torch.relu(self["in"](x)))
        return added


def draw_tracr_tensor(facts: TracrFacts, name: str, generator: torch.Generator) -> Tensor:
    """A fresh tensor by the law `lecun`: the scale of the stream stays near 1 whatever the widths.

    Embeddings are standard normal, weights normal with mean 0 and variance 1 / inputs, biases 0 (LeCun et al.,
    "Efficient BackProp", 1998).
    """
    shape = facts.shapes()[name]
    if name.endswith(".b"):
        return torch.zeros(shape)
    fresh = torch.randn(shape, generator=generator)
    return fresh if name.endswith("_embed") else fresh / math.sqrt(shape[0])
