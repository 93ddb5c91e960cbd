"""From transformers that tracr compiled to checkpoints that a `.cspec` file can name, and the truth about them.

In go the `.npz` files of a folder; out come, for each program with categorical outputs, `NAME.safetensors`,
`NAME-rotated.safetensors`, the same network in a random orthogonal basis of its residual stream, and, for all of them,
`truth.json` and `rotations.safetensors`.

The vocabulary is put in the order of the program's own tokens, 0 .. k-1, with `bos` and `pad` after them, so that a
value's index in its domain is its token id.

Compiler: Lindner et al., "Tracr: Compiled Transformers as a Laboratory for Interpretability" (arXiv 2301.05062).
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

FOLDER = Path(__file__).resolve().parent
PROGRAMS = ("hist", "length", "reverse", "shuffle_dyck", "sort_unique")
SEED = 2301_05062

Matrix = npt.NDArray[np.float64]
Weights = dict[str, Matrix]


@dataclass(frozen=True)
class Compiled:
    """One compiled program: its weights, and what the compiler says of it."""

    weights: Weights
    meta: dict[str, Any]
    variables: dict[str, dict[str, Any]]
    tokens: list[Any]
    """The program's own tokens, in the order of their new ids."""
    classes: list[Any]
    edges: list[list[str]]

    @property
    def bos(self) -> int:
        return len(self.tokens)


def read_compiled(path: Path) -> Compiled:
    """A compiled program with its vocabulary in the new order."""
    with np.load(path, allow_pickle=False) as file:
        entries = {name: file[name] for name in file.files}
    meta, vocabulary, variables = (json.loads(str(entries[name])) for name in ("meta", "vocab", "variables"))
    tokens = variables["tokens"]["values"]
    order = [vocabulary[name] for name in (*map(str, tokens), "compiler_bos", "compiler_pad")]
    if sorted(order) != list(range(len(entries["token_embed"]))):
        raise ValueError(f"{path.name}: the program's tokens, bos and pad are not the whole vocabulary")
    named = {n: a.astype(np.float64) for n, a in entries.items() if n.startswith("L") or n.endswith("embed")}
    named["token_embed"] = named["token_embed"][order]
    classes, edges = (json.loads(str(entries[name])) for name in ("output_values", "graph"))
    return Compiled(named, meta, variables, tokens, classes, edges)


def draw_rotation(width: int, seed: int) -> Matrix:
    """An orthogonal matrix, uniform among all of them (QR of a Gaussian matrix, signs fixed: Mezzadri 2007)."""
    q, r = np.linalg.qr(np.random.default_rng(seed).standard_normal((width, width)))
    rotation: Matrix = q * np.sign(np.diag(r))
    return rotation


def rotate(weights: Weights, rotation: Matrix) -> Weights:
    """The same network with stream x R in place of x: exact, because no layer norm looks at single dims."""
    turned: Weights = {}
    for name, weight in weights.items():
        if name in ("token_embed", "pos_embed") or name.endswith((".o.w", ".o.b", ".out.w", ".out.b")):
            turned[name] = weight @ rotation  # writes the stream
        elif name == "unembed" or name.endswith((".q.w", ".k.w", ".v.w", ".in.w")):
            turned[name] = rotation.T @ weight  # reads it
        else:
            turned[name] = weight
    return turned


def describe_config(program: Compiled) -> dict[str, Any]:
    """The `cspec.config` of a checkpoint (docs/networks.md)."""
    meta = program.meta
    return {
        "architecture": "tracr",
        "vocab": len(program.weights["token_embed"]),
        "bos": program.bos,
        "positions": len(program.weights["pos_embed"]),
        "width": meta["d_model"],
        "layers": meta["n_layers"],
        "heads": meta["n_heads"],
        "key": meta["key_size"],
        "mlp": meta["d_mlp"],
        "classes": len(program.classes),
        "causal": meta["causal"],
    }


def describe_truth(program: Compiled) -> dict[str, Any]:
    """What is known of a program: its alphabets, the edges between variables, and where each variable is.

    `dims` hold the variable from stage `written` on; `full` and `partial` are half-open ranges of stages, at which
    setting the dims reaches all of its readers, or some.
    """
    keys = ("dims", "values", "written", "read_by", "full", "partial")
    return {
        "tokens": program.tokens,
        "classes": program.classes,
        "most_tokens": program.meta["max_seq_len"],
        "last_stage": program.meta["n_stages"] - 1,
        "edges": program.edges,
        "variables": {
            name: {key: variable[key] for key in keys} | {"output": variable["output"]}
            for name, variable in program.variables.items()
        },
    }


def write_checkpoint(path: Path, weights: Weights, config: dict[str, Any]) -> None:
    """Weights in float32, with the configuration in the header."""
    tensors = {name: np.ascontiguousarray(weight, dtype=np.float32) for name, weight in weights.items()}
    save_file(tensors, path, metadata={"cspec.config": json.dumps(config)})


def render_truth(truth: dict[str, dict[str, Any]]) -> str:
    """JSON with one entry of a program, and one variable, on a line."""
    programs = []
    for name, entry in truth.items():
        variables = ",\n".join(f"   {json.dumps(v)}: {json.dumps(d)}" for v, d in entry["variables"].items())
        others = "".join(f"  {json.dumps(k)}: {json.dumps(v)},\n" for k, v in entry.items() if k != "variables")
        programs.append(f' {json.dumps(name)}: {{\n{others}  "variables": {{\n{variables}\n  }}\n }}')
    return "{\n" + ",\n".join(programs) + "\n}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Export compiled transformers as checkpoints.")
    parser.add_argument("source", nargs="?", type=Path, default=FOLDER / "compiled", help="folder of .npz files")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where to write")
    options = parser.parse_args()
    truth: dict[str, dict[str, Any]] = {}
    rotations: dict[str, npt.NDArray[np.float32]] = {}
    for index, name in enumerate(PROGRAMS):
        program = read_compiled(options.source / f"{name}.npz")
        config = describe_config(program)
        rotation = draw_rotation(config["width"], SEED + index)
        write_checkpoint(options.out / f"{name}.safetensors", program.weights, config)
        write_checkpoint(options.out / f"{name}-rotated.safetensors", rotate(program.weights, rotation), config)
        truth[name] = describe_truth(program)
        rotations[name] = rotation.astype(np.float32)
    (options.out / "truth.json").write_text(render_truth(truth), encoding="utf-8")
    save_file(rotations, options.out / "rotations.safetensors")


if __name__ == "__main__":
    main()
