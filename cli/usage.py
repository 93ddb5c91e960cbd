"""Arguments that no command takes -> what is wrong with them and what was probably meant, in a line each."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from .output import USAGE


class Parser(argparse.ArgumentParser):
    """Says what is wrong below the usage of the command that was meant, and exits with the status of usage errors."""

    def error(self, message: str) -> NoReturn:
        import sys  # as argparse does it: streams may have been replaced since

        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")

    def refuse(self, left: Sequence[str]) -> NoReturn:
        """Arguments that are left when all that the command knows is read."""
        from ..lang.suggest import near_match  # only on the way to an error

        first = left[0].partition("=")[0]
        if not first.startswith("-"):
            self.error(f"`{first}` is one argument too many")
        near = near_match(first.lstrip("-"), re.findall(r"--([\w-]+)", self.format_help()))
        self.error(f"there is no option `{first}`" + (f"; did you mean `--{near}`?" if near else ""))


def explain_command(word: str, commands: Sequence[str]) -> str:
    """What is wrong with a word that stands where a command should."""
    from ..lang.suggest import did_you_mean

    if word.endswith(".cspec") or Path(word).exists():
        return f"expected a command, found `{word}`; `cspec verify {word}` runs it"
    near = did_you_mean(word, commands) or f"the commands are {', '.join(commands)}"
    return f"expected a command, found `{word}`; {near}"
