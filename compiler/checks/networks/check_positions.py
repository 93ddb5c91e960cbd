"""Checks of the positions of sites, regions and answers against a network."""

from collections.abc import Iterator

from ....lang.diagnostics import Diagnostic, Label, Span
from ....lang.places import Position
from ....lang.record import record
from ...network_facts import NetworkFacts
from ...positions import resolve_positions
from ...prompts import PromptLayout, PromptTokens, resolve_in_prompt


@record
class FedNetwork:
    """A network as a task feeds it: its name, its facts, and the inputs that are its tokens, in order.

    A task in text has a `layout` in place of tokens: its prompts as the network's tokenizer cuts them up.
    """

    name: str
    facts: NetworkFacts
    tokens: tuple[str, ...]
    layout: PromptLayout | None = None

    @property
    def positions(self) -> int | None:
        """How many positions its activations have, of prompts the fewest; None: sites have no position."""
        return self.facts.positions(len(self.tokens) if self.layout is None else self.layout.shortest.length)

    def resolve(self, positions: tuple[Position, ...]) -> tuple[int, ...]:
        """Where positions lie, in the order written: (0,), the one place for all tokens, in a network without any.

        In prompts of different lengths they are those of the shortest.
        """
        if self.layout is None:
            return resolve_positions(positions, self.tokens, self.facts)
        return self._resolve_in(self.layout.shortest, self.layout, positions)

    def find_common(self, one: tuple[Position, ...], two: tuple[Position, ...]) -> "Met | None":
        """Where two lists of positions hold the same one, in the shortest prompt in which they do."""
        for prompt, (first, second) in self._resolutions(one, two):
            if common := sorted(set(first) & set(second)):
                return Met(common[0], prompt)
        return None

    def find_repeated(self, positions: tuple[Position, ...]) -> "Met | None":
        """Where a list holds one position twice, in the shortest prompt in which it does."""
        for prompt, (found,) in self._resolutions(positions):
            if again := [position for index, position in enumerate(found) if position in found[:index]]:
                return Met(again[0], prompt)
        return None

    def _resolutions(
        self, *written: tuple[Position, ...]
    ) -> Iterator[tuple[PromptTokens | None, tuple[tuple[int, ...], ...]]]:
        """Lists of positions in prompts of every kind; without prompts as they are in all inputs."""
        if self.layout is None:
            yield None, tuple(map(self.resolve, written))
            return
        for prompt in self.layout.shapes:
            yield prompt, tuple(self._resolve_in(prompt, self.layout, positions) for positions in written)

    @staticmethod
    def _resolve_in(prompt: PromptTokens, layout: PromptLayout, positions: tuple[Position, ...]) -> tuple[int, ...]:
        return tuple(index for position in positions for index in resolve_in_prompt(position, prompt, layout))


@record
class Met:
    """A position that is meant twice, and a prompt in which it is; None: in every input."""

    position: int
    prompt: PromptTokens | None

    @property
    def notes(self) -> tuple[str, ...]:
        """What a diagnostic says of the prompt."""
        return () if self.prompt is None else (f"in the prompt {self.prompt.quoted}",)


def check_positions(
    positions: tuple[Position, ...] | None, what: str, span: Span, network: FedNetwork
) -> list[Diagnostic]:
    """Whether positions are stated exactly where the network has some, and each is one that it has.

    `what` they belong to is named in the messages; `positions` None stands for `*`, every one.
    """
    count = network.positions
    if count is None:
        return [] if positions == () else [_needless(what, span, network)]
    if positions is None:
        return []
    if not positions:
        return [_missing(what, span, network)]
    if network.layout is None and not network.facts.accepts(len(network.tokens)):
        return []  # so many tokens are an error, and their positions no fact
    lacking = [p for p in positions if not network.resolve((p,))]
    return [_not_fed(p, span, network) if p.slot is not None else _beyond(p, span, network, count) for p in lacking]


def _needless(what: str, span: Span, network: FedNetwork) -> Diagnostic:
    return Diagnostic(
        "CS330",
        f"{what} has a position, but the network `{network.name}` has none",
        Label(span),
        help="an MLP reads all tokens as one vector: its sites and answers are written without `@`",
    )


def _missing(what: str, span: Span, network: FedNetwork) -> Diagnostic:
    if network.layout is not None:
        return Diagnostic(
            "CS331",
            f"expected a position of {what}, found none: the network `{network.name}` has one for each token",
            Label(span),
            help="write `@ last`, or the last token of a slot, `@ {x}`",
        )
    token = f"`@ {{{network.tokens[0]}}}`, the token of `{network.tokens[0]}`, or " if network.tokens else ""
    return Diagnostic(
        "CS331",
        f"expected a position of {what}, found none: the network `{network.name}` has one for each token",
        Label(span),
        help=f"write {token}`@ last`",
    )


def _beyond(position: Position, span: Span, network: FedNetwork, count: int) -> Diagnostic:
    return Diagnostic(
        "CS332",
        f"expected a position of 0..{count - 1}, or of -{count}..-1 from the end, found {position.text}: the network"
        f" `{network.name}` has {count}" + ("" if network.layout is None else " in the shortest prompt"),
        Label(span),
        help="what the network itself puts before the tokens counts too; `@ {x}` is the token of the input `x`"
        if network.layout is None
        else "every prompt must have the position; `@ {x}` is the last token of the slot `x`",
    )


def _not_fed(position: Position, span: Span, network: FedNetwork) -> Diagnostic:
    return Diagnostic(
        "CS333",
        f"expected one of the task's tokens, found `{position.text}`: the network `{network.name}` is not fed"
        f" `{position.slot}`",
        Label(span),
        help=f"the tokens are {', '.join(f'`{token}`' for token in network.tokens)}",
    )
