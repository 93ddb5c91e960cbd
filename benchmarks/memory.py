"""Peak memory and processor time as the pairs of an evaluation grow tenfold, with little room for captures.

And what `cspec plan` estimates of whole specs beside the peak of their verification, in a fresh store.

Each case is a process of its own, so that its peak is its own: a small transformer of GPT-2's shape, and pairs of
random prompts whose residual stream is interchanged at one site. Above the room for captures they lie in files, and
memory should stay flat; the time should grow as the pairs do.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch

from .check import GALLERY
from .report import Row

PAIRS, ROOM = (1_000, 3_000, 10_000), 32 << 20
FLAT = 1.2
SPECS = ("handwired_equality/handwired_equality", "hierarchical_equality/hierarchical_equality", "ioi/ioi")


def measure() -> list[Row]:
    """Peak memory and seconds of a thousand pairs, for few pairs and for many."""
    found = {pairs: _in_process(pairs) for pairs in PAIRS}
    few, note = found[PAIRS[0]], f"room for captures {ROOM >> 20} MB"
    rows = [Row(f"peak memory, {PAIRS[0]:,} pairs", few["megabytes"], "MB", note=note)]
    for pairs in PAIRS[1:]:
        flat = FLAT * few["megabytes"]
        rows.append(
            Row(f"peak memory, {pairs:,} pairs", found[pairs]["megabytes"], "MB", flat, note="flat within 20 %")
        )
    for pairs, run in found.items():
        rows.append(Row(f"time of 1,000 of {pairs:,} pairs", 1e6 * run["seconds"] / pairs, "ms", note="cost is linear"))
    return rows + [compare(name) for name in SPECS]


def compare(name: str) -> Row:
    """What is estimated of a spec of the gallery, beside what its verification takes at the peak."""
    spec = str(GALLERY.parents[1] / f"{name}.cspec")
    with tempfile.TemporaryDirectory() as store:
        shared = (spec, "--json", "--store", store)
        planned = subprocess.run([sys.executable, "-m", "cspec", "plan", *shared], stdout=subprocess.PIPE, check=True)
        estimate = json.loads(planned.stdout)["plan"]["memory"]["peak"] / 2**20
        verify = subprocess.Popen([sys.executable, "-m", "cspec", "verify", *shared], stdout=subprocess.DEVNULL)
        _, _, used = os.wait4(verify.pid, 0)
    return Row(f"estimate for {name}", estimate, "MB", peer=used.ru_maxrss / 1024, note="beside the measured peak")


def _in_process(pairs: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "cspec.benchmarks.memory", str(pairs)], capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def run(pairs: int) -> dict[str, float]:
    """An interchange of so many pairs, 500 at a time; the process's peak memory in megabytes, and its seconds."""
    from cspec.compiler.experiments import AnswerAt, Encoding
    from cspec.compiler.groundings import Block, Frame, Grounding
    from cspec.compiler.interpret_terms import Batch
    from cspec.compiler.network_facts import TransformerFacts
    from cspec.compiler.terms import NetworkWorld, interchange
    from cspec.lang.places import IDENTITY
    from cspec.runtime.engines import Opened, open_engine
    from cspec.runtime.engines.capture_room import CaptureRoom
    from cspec.runtime.engines.captures import Captures
    from cspec.runtime.maps.open_map import open_map
    from cspec.runtime.networks.transformers import TransformerNetwork
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config(n_embd=64, n_layer=4, n_head=4, vocab_size=500, n_positions=32))
    network = TransformerNetwork(model, TransformerFacts("gpt2", 500, 32, 64, 4, 4, 4, 16, 256))
    frame = Frame("resid_post", 1, tuple(range(64)), 64, IDENTITY, (Block(0, 0, 64),), (31,))
    opened = Opened(network, network.device, Captures(network, network.device, CaptureRoom(ROOM)))
    encoding, grounding = Encoding((), (AnswerAt(31, (0, 1)),)), Grounding((frame,))
    engine = open_engine("fused", opened, encoding, grounding, ("x",), (open_map(frame),))
    generator = np.random.default_rng(0)
    start = time.process_time()
    with torch.no_grad():
        for _ in range(pairs // 500):
            rows = generator.integers(0, 500, (500, 2, 32))
            engine.logits(interchange(NetworkWorld("lm"), ("x",), "y"), Batch(rows, np.ones((500, 1), bool), ("x",)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"megabytes": peak, "seconds": time.process_time() - start}


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]))))
