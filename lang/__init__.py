"""The `.cspec` language: text to typed program, and diagnostics."""

from .codes import CODES as CODES
from .codes import Code as Code
from .diagnostics import Diagnostic as Diagnostic
from .diagnostics import Label as Label
from .diagnostics import Source as Source
from .diagnostics import Span as Span
from .diagnostics import SpecError as SpecError
from .imports.read_imports import read_imports as read_imports
from .parsing.text_to_syntax import parse_text as parse_text
from .program import Program as Program
from .read_program import read_declarations as read_declarations
from .read_program import read_program as read_program
from .reports.render_diagnostics import render_json as render_json
from .reports.render_diagnostics import render_text as render_text
from .syntax_to_program import check_declarations as check_declarations
