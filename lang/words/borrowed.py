"""Words of Python, of other tools and of other notations -> how the same is said here."""

import re

IN_EXPRESSIONS = {
    "True": "did you mean `true`?",
    "False": "did you mean `false`?",
    "None": "every variable has a value: `the i in D where ...` is the one way to have none",
    "int": "a truth value becomes a number by `if b then 1 else 0`",
    "float": "expressions are of whole numbers; only metrics and claims have fractions",
    "round": "numbers are whole: `x // y` rounds down",
    "floor": "numbers are whole: `x // y` rounds down",
    "len": "a family's length is known: `count(... for i in 0..3)` counts members of it",
    "range": "a range is written `0..3`, with both ends",
    "xor": "of two truth values `a != b` says that one alone is true",
    "mod": "the remainder of a division is `x % y`",
    "div": "whole numbers divide with `//`",
    "pow": "there is no power: multiply",
    "is": "equality is `==`",
    "elif": "conditions follow one another as `if a then x else if b then y else z`",
    "lambda": "a function is declared by `fn NAME(x: 0..9) = EXPRESSION`",
    "if": "a choice is written `if CONDITION then A else B`",
}
"""What stands in an expression as if it were one of ours."""

DOMAINS = "a domain is a range `0..9`, a set `{a, b}`, `bool`, or the name of a `type`"
RANGES = "a range is written `0..6`; both ends belong to it"

FAMILIES = {
    "das": "rotation",
    "subspace": "rotation",
    "linear": "rotation",
    "orthogonal": "rotation",
    "rotated": "rotation",
    "boundless": "rotation",
    "boundless_das": "rotation",
    "mask": "identity",
    "mean_difference": "difference",
    "mean_diff": "difference",
    "diff_in_means": "difference",
    "vanilla": "identity",
    "none": "identity",
}
"""What families of maps are called elsewhere."""

COMPONENTS = {
    "hook_embed": "embed",
    "hook_resid_pre": "resid_pre",
    "hook_resid_mid": "resid_mid",
    "hook_resid_post": "resid_post",
    "hook_attn_out": "attn_out",
    "hook_mlp_out": "mlp_out",
    "hook_z": "head_out",
    "hook_result": "head_out",
    "hook_q": "q",
    "hook_k": "k",
    "hook_v": "v",
    "hook_post": "mlp_act",
    "block_input": "resid_pre",
    "block_output": "resid_post",
    "mlp_activation": "mlp_act",
    "mlp_output": "mlp_out",
    "attention_output": "attn_out",
    "head_attention_value_output": "head_out",
    "head": "head_out",
    "heads": "head_out",
    "attn": "attn_out",
    "attention": "attn_out",
    "self_attn": "attn_out",
    "mlp": "mlp_out",
    "neuron": "mlp_act",
    "neurons": "mlp_act",
    "residual": "resid_post",
    "hidden_states": "resid_post",
    "unembed": "logits",
    "lm_head": "logits",
}
"""What components are called in other tools, and by modules of the networks themselves."""
LAYERS = ("layer", "layers", "block", "blocks", "h", "model", "transformer", "gpt_neox")
"""What is called so elsewhere is a whole layer: what it gives is the residual stream after it."""
ROOTS = ("model", "transformer", "gpt_neox", "bert")
"""How the paths of modules start in the networks themselves."""
HEADED = ("head_out", "q", "k", "v")


def is_foreign_site(word: str) -> bool:
    """Whether another tool starts the name of a site so."""
    return word.lower() in COMPONENTS or word.lower() in LAYERS


def help_site(word: str) -> str:
    """A help line for the component of another tool, "" if it is none that is known."""
    meant = COMPONENTS.get(word.lower())
    if meant is not None:
        return f"did you mean `{meant}`?"
    return show_site(word) if word.lower() in LAYERS else ""


def show_site(path: str) -> str:
    """How the place of a dotted path, `blocks.3.hook_resid_post`, is written: a help line."""
    words = re.findall(r"[^\W\d]\w*", path)
    layer = next(iter(re.findall(r"(?<![\w])\d+", path)), "i")
    known = [COMPONENTS[word.lower()] for word in words if word.lower() in COMPONENTS]
    component = known[-1] if known else "resid_post"
    if component in ("embed", "logits"):
        ours = f"`{component} @ last`"
    else:
        ours = f"`{component}[{layer}{', h' if component in HEADED else ''}] @ last`"
    if not known:
        ours += f", of an MLP `hidden[{layer}]`"
    named = re.sub(r"\[(\d+)\]", r".\1", path)
    module = f', or by the module\'s own name `module("{named}") @ last`' if words[0] in ROOTS else ""
    return f"a site of a transformer is written {ours}{module}"
