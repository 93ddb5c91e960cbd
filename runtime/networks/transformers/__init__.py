"""Transformers in the Hugging Face format, run in pieces and with edits."""

from .load import load_transformer as load_transformer
from .network import TransformerNetwork as TransformerNetwork
