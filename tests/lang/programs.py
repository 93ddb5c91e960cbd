"""Texts as typed programs, for the tests of what right files mean."""

from pathlib import Path

from cspec.lang import Program, Source, SpecError, read_program


def program_of(text: str) -> Program:
    """The program of a text. Raises SpecError where there is a fault in it."""
    source = Source(Path("spec.cspec"), text)
    program, diagnostics = read_program(source)
    if program is None:
        raise SpecError(source, diagnostics)
    return program
