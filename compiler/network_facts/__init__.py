"""What checking must know of a network, read from its file's header: never a tensor, never torch."""

from .mlp import MlpFacts as MlpFacts
from .protocol import NetworkFacts as NetworkFacts
from .read_facts import read_network_facts as read_network_facts
from .read_header import BadCheckpointError as BadCheckpointError
from .read_transformer import read_transformer_facts as read_transformer_facts
from .tokenizer import Encoded as Encoded
from .tokenizer import Tokenizer as Tokenizer
from .tokenizer import UnknownTextError as UnknownTextError
from .tokenizer import read_tokenizer as read_tokenizer
from .tracr import TracrFacts as TracrFacts
from .transformer import BETWEEN_LAYERS as BETWEEN_LAYERS
from .transformer import TransformerFacts as TransformerFacts
