"""Prompts as a network's tokenizer cuts them up: where slots are, and what answers begin with."""

from .draw_inputs import draw_inputs as draw_inputs
from .lay_out import PromptLayout as PromptLayout
from .lay_out import PromptTokens as PromptTokens
from .lay_out import lay_out as lay_out
from .resolve import resolve_in_prompt as resolve_in_prompt
from .speak import Spellings as Spellings
from .speak import SpokenTask as SpokenTask
from .speak import speak as speak
