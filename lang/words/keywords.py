"""The words of the language, by what they do: the one table from which highlighters and completion are made.

A word is reserved only where the grammar wants it; elsewhere it may be a name.
"""

DECLARATIONS = (
    "type",
    "table",
    "fn",
    "task",
    "model",
    "network",
    "align",
    "pairs",
    "claim",
    "circuit",
    "graph",
    "import",
    "settings",
    "for",
)
"""The words that open a declaration."""

STATEMENTS: dict[str, tuple[str, ...]] = {
    "task": ("input", "require", "output", "prompt", "tokens", "vector", "answer", "metric", "for"),
    "model": ("for",),
    "align": ("fit", "for"),
    "pairs": ("size", "split", "holdout", "where", "balanced", "uniform"),
    "graph": ("node", "for"),
    "settings": ("confidence", "seed", "budget", "controls"),
}
"""The words that open a line of a declaration."""

CLAUSES: dict[str, tuple[str, ...]] = {
    "type": ("csv",),
    "table": ("csv",),
    "task": ("among", "as", "text"),
    "align": ("at", "in", "via", "over", "size", "learned"),
    "pairs": ("in", "over"),
    "claim": (
        "on",
        "over",
        "via",
        "size",
        "frozen",
        "from",
        "given",
        "through",
        "ungated",
        "at",
        "confidence",
        "exhaustively",
        "expect",
        "for",
        "in",
    ),
    "circuit": ("top", "of", "by", "on", "given", "through"),
    "graph": ("on", "over", "exhaustively"),
}
"""The words that may follow within a line of a declaration."""

OPERATORS = ("and", "or", "not", "in", "if", "then", "else", "for", "where", "the")
"""The words of expressions."""

CONSTANTS = ("false", "true", "correct", "learned", "last", "all", "first", "it", "rest", "source", "base", "shuffled")
"""Words that stand for a value."""

TYPES = ("bool",)
"""Types that are there without a declaration."""

ESTIMANDS = ("accuracy", "iia", "cause", "isolate", "cae", "probe", "divergence", "effect", "change", "mean")
"""What a claim measures."""

FUNCTIONS = ("min", "max", "abs", "sum", "any", "all", "count", "csv", "text", "random", "rest", "noise")
"""What is followed by arguments in parentheses."""

READINGS = ("prob", "logit", "logprob")
"""Numbers that a metric reads from one run."""

LOADERS = ("torch", "transformers", "jax")
"""Where networks come from."""

FAMILIES = ("identity", "rotation", "pca", "sae", "difference", "probe", "revnet")
"""Families of maps."""

COMPONENTS = (
    "resid",
    "resid_pre",
    "resid_mid",
    "resid_post",
    "attn_out",
    "mlp_out",
    "mlp_act",
    "head_out",
    "q",
    "k",
    "v",
    "hidden",
    "embed",
    "logits",
    "module",
)
"""Parts of a network that can be a site."""

OUTCOMES = ("holds", "refuted", "unsupported", "inconclusive")
"""What a claim may expect."""

CALLED = (*ESTIMANDS, *FUNCTIONS, *READINGS, *LOADERS, *FAMILIES, *COMPONENTS)
"""Words that are written against the parenthesis that follows."""

GROUPS: dict[str, tuple[str, ...]] = {
    "declarations": DECLARATIONS,
    "lines": tuple(dict.fromkeys(word for words in STATEMENTS.values() for word in words)),
    "clauses": tuple(dict.fromkeys(word for words in CLAUSES.values() for word in words)),
    "operators": OPERATORS,
    "constants": CONSTANTS,
    "types": TYPES,
    "estimands": ESTIMANDS,
    "functions": FUNCTIONS,
    "readings": READINGS,
    "networks": LOADERS,
    "maps": FAMILIES,
    "components": COMPONENTS,
    "outcomes": OUTCOMES,
}
"""Every group by the name that documentation gives it."""
