"""What `cspec init` writes: a spec about adding two digits, and a network that does so by hand-set weights.

Layer 1 has three neurons: the sum, the first digit alone, and nothing. The head reads the sum, so that every claim of
the spec is a theorem.
"""

import json
from pathlib import Path

SPEC_NAME, WEIGHTS_NAME = "starter.cspec", "starter.safetensors"

DIGITS = 8
"""Inputs are 0 .. DIGITS - 1."""
LIMIT = 8
"""The network says whether the sum is at least this."""


def write_weights(path: Path) -> None:
    """The network as a checkpoint (docs/networks.md).

    Raises:
        OSError: the file cannot be written.
    """
    import numpy as np
    from safetensors.numpy import save

    config = {
        "architecture": "mlp",
        "vocab": DIGITS,
        "inputs": 2,
        "embed": 1,
        "hidden": [3],
        "classes": 2,
        "activation": "relu",
    }
    tensors = {
        "embed.weight": np.arange(DIGITS).reshape(DIGITS, 1),  # a digit is embedded as itself
        "layers.0.weight": np.array([[1, 1], [1, 0], [0, 0]]),  # both digits, the first alone, none
        "layers.0.bias": np.zeros(3),
        "head.weight": np.array([[0, 0, 0], [1, 0, 0]]),
        "head.bias": np.array([LIMIT - 0.5, 0]),
    }
    arrays = {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in tensors.items()}
    path.write_bytes(save(arrays, metadata={"cspec.config": json.dumps(config)}))


def starter_spec() -> str:
    """The spec's text."""
    return f'''\
"""Does the network decide whether two digits sum to {LIMIT} or more by first adding them?

Check this file with `cspec check {SPEC_NAME}`, run its experiments with `cspec verify {SPEC_NAME}`.
"""

# What goes in, what counts as the answer, and how both look to the network: digits are token ids, answers classes.
task sum_is_large {{
  input  a, b: 0..{DIGITS - 1}
  output large: bool
  tokens [a, b]
  answer large: {{ false: 0, true: 1 }}
}}

# The algorithm that the network is said to follow: one equation for each variable.
model adding for sum_is_large {{
  total = a + b
  large = total >= {LIMIT}
}}

# A rival that gives the same answers in another way: it keeps the first digit, and looks at the second one last.
model comparing for sum_is_large {{
  first = a
  large = first >= {LIMIT} - b
}}

# The network's weights and its configuration; docs/networks.md says how to write such a file from your own code.
network net = torch("{WEIGHTS_NAME}")

# Where each variable is said to live: neuron 0 of layer 1 has the sum, neuron 1 a copy of the first digit.
align sum_in_0: adding -> net {{ total at hidden[1][0] }}

align first_in_1: comparing -> net {{ first at hidden[1][1] }}

# A claim compares estimands with bounds. `iia` is how often the network answers as the model does when the variable
# takes its value from another input; doing nothing scores .5. `exhaustively` runs every pair of inputs there is.
claim solves: accuracy(net) == 1 exhaustively
claim adds:   iia(sum_in_0) == 1 exhaustively

# The copy of the first digit is there, and nothing reads it: an interchange changes no answer.
claim copies: iia(first_in_1) >= 0.9 exhaustively expect refuted

# To search for a place instead of stating it: a direction of layer 1, by distributed alignment search.
#   align found: adding -> net {{ total at hidden[1] via rotation size 1 }}
#   claim found: iia(found) >= 0.9 exhaustively
'''
