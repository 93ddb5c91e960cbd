"""The part of a script that loads its network."""

from dataclasses import dataclass

from ...compiler.network_facts import MlpFacts
from .repetition import Repetition

_ACTIVATIONS = {
    "relu": "torch.relu",
    "gelu": "nn.functional.gelu",
    "tanh": "torch.tanh",
    "sigmoid": "torch.sigmoid",
    "identity": "nn.Identity()",
}


@dataclass(frozen=True)
class NetworkText:
    """What a script imports of transformers (may be empty), and the definitions with which it loads and calls.

    `rows` says what an input is that it is called with.
    """

    imports: str
    code: str
    rows: str


def render_network(repetition: Repetition) -> NetworkText:
    """The network of a repetition: an MLP is written out, a transformer is the transformers library's."""
    facts = repetition.network.facts
    rows = "numbers [item, input]" if facts.reads_numbers else "token ids [item, token], -1 for no token"
    if isinstance(facts, MlpFacts):
        names = {
            "FED": _NUMBERS if facts.reads_numbers else _TOKENS,
            "EMBEDDING": "" if facts.reads_numbers else _EMBEDDING.format(facts.vocabulary, facts.embed),
            "ROWS": rows,
            "FIRST": "the numbers" if facts.reads_numbers else "the embedding",
            "START": "tokens.float()" if facts.reads_numbers else "self.embed(tokens).flatten(1)",
            "WIDTHS": repr([facts.inputs * facts.embed, *facts.hidden]),
            "CLASSES": str(facts.classes),
            "ACTIVATION": _ACTIVATIONS[facts.activation],
        }
        code = _MLP
        for name, value in names.items():
            code = code.replace(f"<{name}>", value)
        return NetworkText("", code, rows)
    kind = "AutoModelForMaskedLM" if repetition.masked_model else "AutoModelForCausalLM"
    return NetworkText(f"from transformers import {kind}\n", _TRANSFORMER.replace("<KIND>", kind), rows)


_TOKENS = "Tokens embedded side by side"
_NUMBERS = "Numbers, one for each input"
_EMBEDDING = "        self.embed = nn.Embedding({}, {})\n"

_MLP = '''\
class Config:
    """pyvene expects a configuration on every network; this one has nothing to say."""

    def to_dict(self):
        return {}


class Mlp(nn.Module):
    """<FED>, layers with an activation, a head. Activations have shape [item, 1, width].

    `sites.0` passes on <FIRST>, `sites.i` layer i after its activation, `logits` the head's output.
    """

    def __init__(self):
        super().__init__()
        widths = <WIDTHS>
<EMBEDDING>        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))
        self.head = nn.Linear(widths[-1], <CLASSES>)
        self.sites = nn.ModuleList(nn.Identity() for _ in widths)
        self.logits = nn.Identity()
        self.config = Config()
        self.device = torch.device("cpu")

    def forward(self, tokens):
        activate = <ACTIVATION>
        x = self.sites[0](<START>[:, None])
        for layer, site in zip(self.layers, self.sites[1:]):
            x = site(activate(layer(x)))
        return self.logits(self.head(x))


def load_network():
    network = Mlp()
    network.load_state_dict({name: tensor.float() for name, tensor in load_file(NETWORK).items()})
    return network.eval().requires_grad_(False)


def inputs_of(tokens):
    """What the network is called with, for <ROWS>."""
    return {"tokens": tokens}


def logits_of(output):
    """Logits [item, position, class] of what the network returns."""
    return output
'''

_TRANSFORMER = '''\
def load_network():
    network = <KIND>.from_pretrained(NETWORK, dtype=torch.float32, local_files_only=True)
    return network.eval().requires_grad_(False)


def inputs_of(tokens):
    """What the network is called with, for token ids [item, token]; -1 stands for no token."""
    return {"input_ids": tokens.clamp(min=0), "attention_mask": (tokens >= 0).long()}


def logits_of(output):
    """Logits [item, position, class] of what the network returns."""
    return output.logits.float()
'''
