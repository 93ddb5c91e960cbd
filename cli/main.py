"""`cspec`: parse the arguments, run the command, turn whatever happens into an exit status.

Exit status: 0 every expectation is met; 1 one failed; 3 one is open; 2 the spec is wrong; 4 the environment is;
64 usage; 70 a bug of ours; 130 interrupted.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

from .output import BUG, INTERRUPTED, USAGE, Output
from .streams import open_streams, put
from .usage import Parser, explain_command

DESCRIPTION = """\
Make claims about what happens inside neural networks checkable.

A .cspec file states a causal model, where in a network its variables live,
and what number would make the claim true. cspec checks it, compiles it to
interchange interventions, runs them, and returns verdicts."""

EPILOG = """\
exit status: 0 all expectations met, 1 one failed, 3 one open, 2 the spec is
wrong, 4 the environment is, 64 usage, 130 interrupted"""


COMMANDS = ("init", "check", "verify", "fmt", "explain", "lock", "diff", "graph", "plan", "compile", "replay", "lsp")
"""The modules of this folder that are commands, in the order in which help lists them."""


@contextmanager
def _heeding_termination() -> Iterator[None]:
    """A request to end, as batch systems and terminals send it, is an interruption: what was decided is kept."""
    caught: list[int] = []
    if threading.current_thread() is threading.main_thread():  # only there may signals be caught
        asked = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
        caught = [number for number in asked if signal.getsignal(number) is signal.SIG_DFL]  # `nohup` ignores one
    for number in caught:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in caught:
            signal.signal(number, signal.SIG_DFL)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    open_streams()
    try:
        with _heeding_termination():
            return _main(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt as interrupt:
        put("".join(f"{line}\n" for line in ("interrupted", *getattr(interrupt, "__notes__", ()))), sys.stderr)
        # CPython marks an interrupt that passes through an `exec` of text (importing dataclasses does it) as unhandled,
        # and would end by the signal instead of our status; the next `exec` clears the mark.
        exec("")
        return INTERRUPTED


def _main(arguments: Sequence[str]) -> int:
    parser = Parser(
        prog="cspec",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    # what the others need is not imported where one is named, so that a check starts at once
    for command in arguments[:1] if arguments and arguments[0] in COMMANDS else COMMANDS:
        import_module(f".{command}", __package__).add_arguments(commands)
    try:
        if arguments and not arguments[0].startswith("-") and arguments[0] not in COMMANDS:
            parser.error(explain_command(arguments[0], COMMANDS))
        options, left = parser.parse_known_args(arguments)
        if left:
            commands.choices.get(options.command, parser).refuse(left)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else USAGE
    if options.version:
        from importlib.metadata import version

        put(f"cspec {version('cspec')}\n", sys.stdout)
        return 0
    if options.command is None:
        parser.print_help(sys.stderr)
        return USAGE
    output = Output(options.command, options.spec, options.format)
    try:
        return output.run(options.run, options)
    except Exception as bug:
        if os.environ.get("CSPEC_DEBUG"):
            raise
        output.bug(bug)
        return BUG
