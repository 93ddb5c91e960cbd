"""`python -m benchmarks check causal_model --json`: run some benchmarks and print what they measured."""

import argparse
import importlib

from .report import render, to_json

NAMES = ("check", "causal_model", "frame", "das_step", "sweep", "verify", "memory")


def main() -> None:
    """Run the benchmarks that were named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure speed on this machine.")
    parser.add_argument("names", nargs="+", choices=NAMES, metavar="NAME", help=f"one of: {', '.join(NAMES)}")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    for name in options.names:
        rows = importlib.import_module(f"{__package__}.{name}").measure()
        print((to_json if options.json else render)(name, rows), end="")


if __name__ == "__main__":
    main()
