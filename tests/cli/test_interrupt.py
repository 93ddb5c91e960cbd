"""An interrupted run: what was decided stands, the store stays whole, and a later run goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cspec.runtime.results.store import Store

from .tools import DECIDED, SAMPLED_HEAD, artifacts, learned, run, sampled, write

CLAIMS = (
    "claim solves: accuracy(net) >= 0.9\nclaim given: iia(decided) >= 0.9\nclaim long: iia(das) <= 0.1 expect refuted\n"
)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_what_was_decided_and_leaves_nothing_half_written(
    tmp_path: Path, sent: signal.Signals
) -> None:
    spec = sampled(tmp_path, DECIDED + learned(steps=10_000_000) + CLAIMS)
    store = tmp_path / "store"
    command = [sys.executable, "-m", "cspec", "verify", str(spec), "--store", str(store)]
    environment = os.environ | {"NO_COLOR": "1"}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=pipe, stderr=pipe, text=True, preexec_fn=heed_interrupts
    ) as process:
        try:
            assert process.stdout is not None
            read = ""
            while "given: holds" not in read:
                line = process.stdout.readline()
                assert line, "it ended before its first verdicts"
                read += line
            time.sleep(1.0)  # into the fit: all that it needs has been loaded for the verdicts before
            process.send_signal(sent)
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130
    assert err == f"interrupted\nwhat was found is kept in `{store}`: the same command goes on from there\n"
    assert "solves: holds [statistical]\n  accuracy(net) = 1.0000 [" in read
    assert "long" not in out
    assert "expectations" not in out

    kept = artifacts(store)
    assert len(kept) == 2
    (result,) = (store / "results").iterdir()
    partial = json.loads(result.read_text())
    assert not partial["complete"]
    assert [verdict["name"] for verdict in partial["verdicts"]] == ["solves", "given"]
    assert len((store / "looks.jsonl").read_text().splitlines()) == 2
    assert list(store.rglob(".partial-*")) == []
    assert all(Store(store).load(name.removesuffix(".safetensors")) is not None for name in kept)

    write(spec, SAMPLED_HEAD + DECIDED + learned() + CLAIMS)
    again = run("verify", spec, "--store", store)
    assert again.status == 0
    assert (
        "long: refuted under rotation [exploratory]" in again.out
    )  # `given` had looked at these items in another plan
    assert kept.items() <= artifacts(store).items()


def heed_interrupts() -> None:
    """A job that a shell started in the background ignores interrupts, and so would all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupt_while_modules_are_loaded_is_no_bug(tmp_path: Path) -> None:
    """networkx, interrupted while it registers its algorithms, cannot be loaded again."""
    spec = sampled(tmp_path, DECIDED + "claim given: iia(decided) >= 0.9\n")
    script = f"""
import signal, sys
registered = 0
def watch(frame, event, _):
    global registered
    if event == "call" and frame.f_globals.get("__name__") == "networkx.utils.backends":
        registered += frame.f_code.co_name == "__new__"
        if registered == 20:
            sys.setprofile(None)
            signal.raise_signal(signal.SIGINT)
sys.setprofile(watch)
from cspec.cli.main import main
sys.exit(main(["verify", {str(spec)!r}, "--json", "--store", {str(tmp_path / "store")!r}]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stderr == "interrupted\n"
