"""Train a small GPT-2 to answer prompts: in goes a task, out comes a folder that a `.cspec` file can name.

What the networks of several specs share: a tokenizer of whole words, a GPT-2 in the Hugging Face format, and a course
of training in which only the answers are learnt, each at the token after which it is read.
"""

import argparse
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor, nn
from transformers import GPT2Config, GPT2LMHeadModel
from transformers.utils import logging

UNKNOWN = "<unk>"
FRESH = 50_000
"""Inputs that a reported accuracy is measured on."""
INITIAL = 0.08
"""The standard deviation of a weight as it is drawn: with GPT-2's own .02 these narrow layers start so close to zero
that learning to compare numbers takes many times as long."""


@dataclass(frozen=True)
class Example:
    """A prompt and its answers, each one word with the space before it."""

    prompt: str
    answers: tuple[str, ...]


Draw = Callable[[Random], Example]


@dataclass(frozen=True)
class Task:
    """What a network of `layers` layers learns, and how long.

    `words` are the tokens, each with the space before it. `draw` gives an input for training, none of which a draw of
    `tests` gives; these are named by the law of their inputs. `reads` are the tokens of the prompt after which its
    answers are said, counted from the end where negative.
    """

    words: tuple[str, ...]
    draw: Draw
    tests: Mapping[str, Draw]
    reads: tuple[int, ...]
    layers: int
    heads: int
    width: int
    context: int
    steps: int
    batch: int = 256
    rate: float = 3e-3
    required: float = 0.98


@dataclass(frozen=True)
class Batch:
    """Token ids [item, position], padded on the right; where answers are read, and their ids, both [item, read]."""

    tokens: Tensor
    reads: Tensor
    answers: Tensor


def is_held_out(*values: object) -> bool:
    """Whether an input belongs to the fifth that is never trained on."""
    return zlib.crc32(" ".join(map(str, values)).encode()) % 5 == 0


def make_tokenizer(words: Sequence[str]) -> Tokenizer:
    """One token for each word, which begins with the space before it, as GPT-2's do."""
    vocabulary = {word: index for index, word in enumerate((UNKNOWN, *words))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(" ?[^ ]+"), "isolated")
    tokenizer.decoder = decoders.Fuse()
    return tokenizer


def make_network(task: Task) -> GPT2LMHeadModel:
    """The network as it is drawn: no dropout, and no special tokens."""
    config = GPT2Config(
        vocab_size=len(task.words) + 1,
        n_positions=task.context,
        n_embd=task.width,
        n_layer=task.layers,
        n_head=task.heads,
        initializer_range=INITIAL,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=None,
        eos_token_id=None,
    )
    return GPT2LMHeadModel(config)


def encode_batch(tokenizer: Tokenizer, examples: Sequence[Example], reads: Sequence[int]) -> Batch:
    """Examples as token ids; under causal attention no token sees the padding, which stands to its right."""
    rows = [encoded.ids for encoded in tokenizer.encode_batch([example.prompt for example in examples])]
    tokens = nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)
    at = torch.tensor([[read % len(row) for read in reads] for row in rows])
    answers = torch.tensor([[tokenizer.token_to_id(word) for word in example.answers] for example in examples])
    return Batch(tokens, at, answers)


def read_logits(network: GPT2LMHeadModel, batch: Batch) -> Tensor:
    """Logits [item, read, token] where the answers are read."""
    states = network.transformer(batch.tokens).last_hidden_state
    rows = torch.arange(len(states)).unsqueeze(1)
    logits: Tensor = network.lm_head(states[rows, batch.reads])
    return logits


def train_network(task: Task, tokenizer: Tokenizer, seed: int) -> GPT2LMHeadModel:
    """Train a network; its weights and its inputs all follow `seed`."""
    torch.set_num_threads(1)  # the sums' order, and so the weights, would depend on the number of threads
    torch.manual_seed(seed)
    random = Random(seed)
    network = make_network(task)
    optimizer = torch.optim.AdamW(network.parameters(), lr=task.rate, weight_decay=0.01, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, task.rate, total_steps=task.steps, pct_start=0.1)
    for step in range(1, task.steps + 1):
        batch = encode_batch(tokenizer, [task.draw(random) for _ in range(task.batch)], task.reads)
        loss = nn.functional.cross_entropy(read_logits(network, batch).flatten(0, 1), batch.answers.flatten())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 250 == 0:
            print(f"step {step:,}: loss {loss.item():.5f}", flush=True)
    network.eval()  # type: ignore[no-untyped-call]
    return network


@torch.no_grad()
def measure_accuracy(task: Task, tokenizer: Tokenizer, network: GPT2LMHeadModel, law: str) -> float:
    """The share of inputs, drawn afresh by a law of `tests`, of which every answer is the best of all tokens."""
    random, right = Random(law), 0
    for _ in range(FRESH // 1_000):
        batch = encode_batch(tokenizer, [task.tests[law](random) for _ in range(1_000)], task.reads)
        right += int((read_logits(network, batch).argmax(-1) == batch.answers).all(1).sum())
    return right / FRESH


def write_network(network: GPT2LMHeadModel, tokenizer: Tokenizer, folder: Path) -> None:
    """Write configuration, weights and tokenizer, each file whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        network.save_pretrained(temporary)
        tokenizer.save(str(Path(temporary) / "tokenizer.json"), pretty=False)
        for name in ("config.json", "model.safetensors", "tokenizer.json"):
            (Path(temporary) / name).chmod(0o644)
            (Path(temporary) / name).replace(folder / name)


def run(task: Task, folder: Path, arguments: Sequence[str] | None = None) -> int:
    """Train what the command line asks for; exit code 1 if the network misses the required accuracy."""
    parser = argparse.ArgumentParser(
        description="Train the network of this spec, and write it as a folder in the Hugging Face format.",
        epilog="The same seed gives the same weights on the same machine with the same versions.",
    )
    parser.add_argument("--out", type=Path, default=folder, metavar="FOLDER", help="where to write it")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of weights and inputs (default 0)")
    options = parser.parse_args(arguments)
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    tokenizer = make_tokenizer(task.words)
    started = time.process_time()
    network = train_network(task, tokenizer, options.seed)
    print(f"trained in {time.process_time() - started:.0f} s of processor time")
    missed = False
    for law in task.tests:
        accuracy = measure_accuracy(task, tokenizer, network, law)
        print(f"accuracy {accuracy:.5f} on {FRESH:,} held-out inputs, {law}")
        missed |= accuracy < task.required
    write_network(network, tokenizer, options.out)
    if missed:
        print(f"an accuracy is below {task.required}: train longer or with another seed", file=sys.stderr)
    return int(missed)
