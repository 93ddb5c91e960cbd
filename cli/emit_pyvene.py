"""`cspec compile --emit pyvene`: a script that repeats a claim's interchange with pyvene alone, and its tensors."""

import argparse
from pathlib import Path

from ..compiler.pipeline import Checked
from ..lang.codes import CODES
from ..lang.suggest import suggest
from .output import Output
from .write_whole import write_whole


def emit_pyvene(checked: Checked, options: argparse.Namespace, output: Output) -> int:
    """0 where the script was written or printed."""
    from .find_result import ResultProblem

    try:
        return _emit(checked, options, output)
    except ResultProblem as problem:
        output.plain(problem.code, problem.message, problem.help)
        return CODES[problem.code].exit


def _emit(checked: Checked, options: argparse.Namespace, output: Output) -> int:
    from ..runtime.emit import lower_repetition, render_script
    from ..runtime.emit.keep_tensors import keep_tensors, tensor_bytes
    from .find_result import ResultProblem, find_result
    from .recompile import recompile

    claims = checked.program.claims
    if options.claim is not None and options.claim not in claims:
        message = f"expected a claim of `{options.spec}`, found `{options.claim}`"
        raise ResultProblem("CS525", message, suggest(options.claim, claims, "claims"))
    found = find_result(options.spec, options.store)
    plan = recompile(checked, found)
    repetition = lower_repetition(plan, found.result, found.store, options.claim)
    if options.out is None:
        data = keep_tensors(found.store, repetition)
        script = render_script(repetition, f"Path({str(data.resolve())!r})")
        output.write(script)
        output.add("script", script)
        output.add("files", [str(data)])
        return 0
    path = Path(options.out)
    data = path.with_suffix(".items.safetensors")
    script = render_script(repetition, 'Path(__file__).with_suffix(".items.safetensors")')
    _write(data, tensor_bytes(repetition))
    _write(path, script.encode())
    output.write(f"wrote {path}\nwrote {data}\nnext: python {path}\n")
    output.add("files", [str(path), str(data)])
    return 0


def _write(path: Path, content: bytes) -> None:
    from ..runtime.errors import EnvironmentProblem

    try:
        write_whole(path, content)
    except OSError as problem:
        raise EnvironmentProblem("CS522", f"`{path}` cannot be written: {problem.strerror}") from None
