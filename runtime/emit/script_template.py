"""The text of a script, with `<NAME>` wherever `render_script.py` puts in what a claim is about."""

OVERALL_SAMPLED = "sum(agreed) / sum(cell[3] for cell in CELLS)"
"""Of items that were drawn."""
OVERALL_WHOLE = "sum(weight * right / items for right, (*_, items, weight) in zip(agreed, CELLS))"
"""Of a whole domain: sets and halves count by their weights, whatever their numbers of items."""

SCRIPT = '''\
<ABOUT>
#
# An item is a base input, a source input for every variable, and the classes that the causal model accepts as the
# answer when the variables of the item's set take their values on their sources. The network runs on the base, and
# what these variables are in it is replaced by what they are in the runs on the sources. Counted is on how many items
# its answer then is an accepted one: interchange intervention accuracy (IIA).
#
# Exit status: 0 the counts are those of cspec, 1 they are not.

import sys
from pathlib import Path

import pyvene as pv
import torch
from pyvene.models.layers import LowRankRotateLayer
from safetensors.torch import load_file
from torch import nn
<IMPORTS>
NETWORK = Path(<NETWORK_PATH>)
# Tensors: `base` and `source.VARIABLE`, <ROWS>; `base_position.VARIABLE` and
# `source_position.VARIABLE`, the token at which the variable lives in each run [item]; `read`, the tokens at which the
# answers are read [item, answer]; `accepted`, classes [item, answer, class], -1 for none; `cell`, the index in CELLS
# [item]; `frame.VARIABLE`, orthonormal directions [width, direction] of the variables that RANGES leaves out.
DATA = <DATA_PATH>

# Variable: the end of a module where it lives, and the width of the vectors there.
PLACES = {
<PLACES>}
# Variable: the dims that it is, each range without its end. Others are the directions `frame.VARIABLE`.
RANGES = {
<RANGES>}
# Answer: the classes of which it is the best; None for all classes.
AMONG = <AMONG>
# What cspec counted: <FIELDS>.
CELLS = [
<CELLS>]
ESTIMATE = <ESTIMATE>
BATCH = <BATCH>


<NETWORK_CODE>

def build_model(network, variables, data):
    """The network with one intervention for each of these variables, in their order."""
    representations = []
    for name in variables:
        component, width = PLACES[name]
        if name in RANGES:
            intervention = pv.VanillaIntervention(
                embed_dim=width, subspace_partition=RANGES[name], keep_last_dim=False
            )
        else:
            frame = data[f"frame.{name}"]
            intervention = pv.LowRankRotatedSpaceIntervention(embed_dim=width, low_rank_dimension=frame.shape[1])
            # in place of the layer that pyvene would train: base + (source - base) frame frame'
            intervention.rotate_layer = LowRankRotateLayer(*frame.shape, init_orth=False)
            intervention.rotate_layer.weight.data = frame
        representations.append(
            pv.RepresentationConfig(
                component=component, unit="pos", max_number_of_units=1, intervention=intervention
            )
        )
    return pv.IntervenableModel(pv.IntervenableConfig(representations, mode="parallel"), network)


@torch.no_grad()
def run_interchange(model, variables, data, rows):
    """Logits [item, answer, class] on the bases of some items, the variables as they are on their sources."""
    here, there, sources, subspaces = [], [], [], []
    for name in variables:
        here.append([[position] for position in data[f"base_position.{name}"][rows].tolist()])
        there.append([[position] for position in data[f"source_position.{name}"][rows].tolist()])
        sources.append(inputs_of(data[f"source.{name}"][rows]))
        # every range of a variable's dims; a frame's directions are all its own
        subspaces.append([list(range(len(RANGES[name])))] * len(rows) if name in RANGES else None)
    locations = {"sources->base": (there, here)}
    _, output = model(inputs_of(data["base"][rows]), sources, locations, subspaces=subspaces)
    return logits_of(output)[torch.arange(len(rows))[:, None], data["read"][rows]]


def agrees(logits, accepted):
    """Whether the best class of every answer is an accepted one, and no other class is as good; shape [item]."""
    right = torch.ones(len(logits), dtype=torch.bool)
    for answer, among in enumerate(AMONG):
        scores = logits[:, answer]
        if among is not None:
            kept = torch.full_like(scores, -torch.inf)
            kept[:, among] = scores[:, among]
            scores = kept
        best = scores.topk(2, dim=1)
        is_accepted = (best.indices[:, :1] == accepted[:, answer]).any(1)
        right &= is_accepted & (best.values[:, 0] > best.values[:, 1])
    return right


def main():
    torch.set_num_threads(1)
    network, data = load_network(), load_file(DATA)
    agreed = [0] * len(CELLS)
    for variables in dict.fromkeys(cell[0] for cell in CELLS):
        model = build_model(network, variables, data)
        cells = torch.tensor([index for index, cell in enumerate(CELLS) if cell[0] == variables])
        for rows in torch.isin(data["cell"], cells).nonzero()[:, 0].split(BATCH):
            right = agrees(run_interchange(model, variables, data, rows), data["accepted"][rows])
            for index, one in zip(data["cell"][rows].tolist(), right.tolist()):
                agreed[index] += one

    print(f"{'interchanged':<40} {'half':<10} {'pyvene':>13} {'cspec':>13}")
    for count, (variables, half, expected, items, *_) in zip(agreed, CELLS):
        name = "{" + ", ".join(variables) + "}"
        print(f"{name:<40} {half or '':<10} {f'{count}/{items}':>13} {f'{expected}/{items}':>13}")
    equal = agreed == [cell[2] for cell in CELLS]
    overall = <OVERALL>
    print(f"IIA {overall:.4f}, by cspec {ESTIMATE:.4f}: the counts are {'equal' if equal else 'different'}")
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
'''
