"""Which engines run a spec: what the command line says, and what is chosen where it says nothing."""

import argparse
from typing import TYPE_CHECKING

from ..compiler.choose_engine import choose_engine
from ..compiler.pipeline import Checked
from .output import Output

if TYPE_CHECKING:  # networkx is no part of checking
    from ..compiler.plan import EngineName

ENGINES = ("fused", "hooks", "pyvene")


def add_engine(parser: argparse.ArgumentParser) -> None:
    """`--engine`: what runs the network; `--fit-engine`: whose maps are evaluated."""
    parser.add_argument(
        "--engine",
        choices=("auto", *ENGINES),
        default="auto",
        help="what runs the network: `hooks` and `pyvene` are references (default: auto, `fused` where it can)",
    )
    parser.add_argument(
        "--fit-engine",
        choices=ENGINES,
        help="what fits maps, or did so before: its maps are taken from the store (default: the same as --engine)",
    )


def chosen_engine(options: argparse.Namespace, checked: Checked, output: Output) -> "EngineName":
    """The engine that is asked for, else the fastest that can run the spec; says why where that is not `fused`."""
    if options.engine != "auto":
        asked: EngineName = options.engine
        return asked
    engine, why = choose_engine(checked.networks.values())
    if why:
        output.write(f"engine {engine}: {why}\n")
    return engine
