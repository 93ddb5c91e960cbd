"""Scripts that repeat a claim's interchange with another library alone, for readers who want to check us."""

from .lower_repetition import lower_repetition as lower_repetition
from .render_script import render_script as render_script
from .repetition import Repetition as Repetition
