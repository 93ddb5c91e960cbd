"""Effects and means as text: what is measured, as its author could have written it."""

from .effects import Effect, Mean, MeanOf, Noise, OnSource, Portion, Setting, Taken, Value
from .exact import show_exact


def show_effect(effect: Effect) -> str:
    """`effect(hidden[1] -> correct given das.left on mlp)`."""
    plain = len(effect.settings) == 1 and _is_source(effect.settings[0].value)
    settings = [show_setting(setting) for setting in effect.settings]
    made = effect.settings[0].subject.text if plain else f"{{{', '.join(settings)}}}"
    given = [subject.text for subject in effect.given] + ["rest"] * effect.rest
    clauses = [f" given {', '.join(given)}"] * bool(given)
    clauses += [f" through {', '.join(subject.text for subject in effect.through)}"] * bool(effect.through)
    return f"{effect.kind}({made} -> {effect.target.text}{''.join(clauses)}{_where(effect)})"


def show_mean(mean: Mean) -> str:
    """`mean(score on mlp)`."""
    return f"mean({mean.metric}{_where(mean)})"


def show_setting(setting: Setting) -> str:
    """`hidden[1] := 4 * mean(hidden[1])`."""
    return f"{setting.subject.text} := {show_value(setting.value)}"


def show_value(value: Value) -> str:
    """`source`, `X + 4 * mean(X)`, `0`."""
    parts = [_portion(portion) for portion in value.portions]
    if value.constant[0] or not parts:
        parts.append(value.label or show_exact(value.constant))
    return " + ".join(parts)


def _portion(portion: Portion) -> str:
    match portion.value:
        case OnSource(shuffled=shuffled):
            text = "shuffled" if shuffled else "source"
        case MeanOf(subject=subject):
            text = f"mean({subject.text})"
        case Taken(subject=subject, network=network, random=random):
            on = "" if network is None else f" on {f'random({network})' if random else network}"
            text = f"{subject.text}{on}"
        case Noise(sigma=sigma):
            text = f"noise({show_exact(sigma)})"
    return text if portion.factor == (1, 1) else f"{show_exact(portion.factor)} * {text}"


def _is_source(value: Value) -> bool:
    plain = len(value.portions) == 1 and value.constant == (0, 1) and value.portions[0].factor == (1, 1)
    return plain and value.portions[0].value == OnSource()


def _where(estimand: Effect | Mean) -> str:
    network = f"random({estimand.network})" if estimand.random else estimand.network
    over = "" if estimand.pairs is None else f" over {estimand.pairs}"
    return f" on {'ungated ' * estimand.ungated}{network}{over}"
