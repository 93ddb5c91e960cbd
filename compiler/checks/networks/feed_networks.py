"""Checks of a task on a network: what it feeds is what the network reads, and its answers are the network's own."""

from collections.abc import Mapping
from dataclasses import replace

from ....lang.diagnostics import Diagnostic, Label, Span
from ....lang.metrics import Reading, parts_of
from ....lang.program import Program, Task
from ....lang.renderings import Prompt, Vector
from ...experiments import NetworkFile
from ...lowering.lower_metrics import read_texts
from ...network_facts import (
    BadCheckpointError,
    NetworkFacts,
    Tokenizer,
    TransformerFacts,
    UnknownTextError,
    read_tokenizer,
)
from ...network_facts.end_tokens import read_end_tokens
from ...prompts import PromptLayout, SpokenTask, lay_out, speak
from ...prompts.check_answers import check_answers, longest_answer
from ...prompts.check_known import check_known
from ...prompts.check_masks import check_masks
from ...prompts.check_prompts import check_prompts, check_room
from .check_positions import FedNetwork, check_positions

LARGEST_EXACT = 2**24
"""Up to here every whole number is a number of float32."""


class Feeding:
    """Tasks on networks, each pair checked once; what is wrong goes to `found`."""

    def __init__(self, program: Program, files: Mapping[str, NetworkFile], found: list[Diagnostic]) -> None:
        self.program, self.files, self.found = program, files, found
        self._fed: dict[tuple[str, str], FedNetwork | None] = {}
        self._tokenizers: dict[str, Tokenizer | None] = {}
        self._spoken: dict[str, dict[str, SpokenTask]] = {}

    def feed(self, task_name: str, network: str) -> FedNetwork | None:
        """The network as the task feeds it; None where it cannot be fed, and nothing more is known."""
        key = task_name, network
        if key not in self._fed:
            self._fed[key] = self._feed(self.program.tasks[task_name], network) if network in self.files else None
        return self._fed[key]

    def _feed(self, task: Task, network: str) -> FedNetwork | None:
        facts = self.files[network].facts
        span = task.rendering.span
        feeds_numbers = isinstance(task.rendering, Vector)
        if feeds_numbers and not facts.reads_numbers:
            message = f"expected tokens or a text, found numbers: the network `{network}` reads tokens"
            help = "feed the inputs as `tokens [...]`, or write a `prompt`"
            self.found.append(Diagnostic("CS514", message, Label(span), help=help))
            return None
        if facts.reads_numbers and not feeds_numbers:
            what = "a text" if isinstance(task.rendering, Prompt) else "tokens"
            message = f"expected numbers, found {what}: the network `{network}` reads numbers"
            help = "feed the values of the inputs as they are, `vector [...]`"
            self.found.append(Diagnostic("CS514", message, Label(span), help=help))
            return None
        layout = None
        if speaks(task):
            tokenizer = self.tokenizer(network, task)
            if tokenizer is None:
                return None
            try:
                layout = self._speak(task, network, tokenizer)
            except UnknownTextError as problem:
                span = task.rendering.span if isinstance(task.rendering, Prompt) else _text_span(task)
                self.found.append(_unknown(problem.unknown, network, Label(span)))
                return None
            if isinstance(task.rendering, Prompt) and layout is None:
                return None  # no input is admitted, which is reported of its `require`
        fed = FedNetwork(network, facts, task.tokens, layout)
        if layout is None:
            self.found += _check_columns(task, fed)
        self.found += _check_classes(task, fed)
        return fed

    def _speak(self, task: Task, network: str, tokenizer: Tokenizer) -> PromptLayout | None:
        """A task's prompts, if it has some and an input is admitted. What is said in tokens goes to `_spoken`.

        Raises:
            UnknownTextError: the tokenizer cannot write a prompt, an answer, or what a metric asks about.
        """
        file, layout = self.files[network], lay_out(task, tokenizer)
        if isinstance(task.rendering, Prompt) and layout is None:
            return None
        if layout is not None:
            self.found += check_prompts(task, network, file.facts, layout, longest_answer(task, layout, tokenizer))
            self.found += check_masks(task, network, tokenizer, layout)
            self.found += check_room(task, network, file.facts, layout, bool(read_end_tokens(file.path)))
        asked = read_texts(task, self.program.tables)
        problems = check_answers(task, asked, network, file.facts, tokenizer, layout)
        self.found += [*problems, *check_known(task, network, file.facts, tokenizer, layout)]
        if not problems and isinstance(file.facts, TransformerFacts):
            spoken = speak(task, asked, file.facts, file.path, tokenizer, layout)
            self._spoken.setdefault(network, {})[task.name] = spoken
        return layout

    def spoken(self) -> dict[str, NetworkFile]:
        """The networks' files, with the tasks in text that were fed."""
        return {name: replace(file, spoken=self._spoken.get(name, {})) for name, file in self.files.items()}

    def tokenizer(self, network: str, task: Task) -> Tokenizer | None:
        """The network's tokenizer, which a task in text needs; None after an error."""
        file = self.files[network]
        if not isinstance(file.facts, TransformerFacts):
            self.found.append(
                Diagnostic(
                    "CS513",
                    f"the network `{network}` has no tokenizer, and task `{task.name}` speaks in texts",
                    Label(task.rendering.span if isinstance(task.rendering, Prompt) else _text_span(task)),
                    help=f"{_fed_plainly(file.facts)}, and give each value of the output a class",
                )
            )
            return None
        if network not in self._tokenizers:
            try:
                self._tokenizers[network] = read_tokenizer(file.path)
            except BadCheckpointError as problem:
                declared = self.program.networks[network]
                message = f"the tokenizer of `{declared.path}` cannot be used: {problem.reason}"
                label = Label(declared.path_span)
                self.found.append(Diagnostic(problem.code, message, label, help=problem.remedy))
                self._tokenizers[network] = None
        return self._tokenizers[network]


def speaks(task: Task) -> bool:
    """Whether a task needs a tokenizer: it renders texts, answers in them, or asks about them."""
    asks = any(isinstance(part, Reading) for metric in task.metrics.values() for part in parts_of(metric.expression))
    return isinstance(task.rendering, Prompt) or any(answer.texts for answer in task.answers) or asks


def _text_span(task: Task) -> Span:
    spoken = [a.span for a in task.answers if a.texts] or [m.span for m in task.metrics.values()]
    return spoken[0]


def _unknown(text: str, network: str, label: Label) -> Diagnostic:
    return Diagnostic(
        "CS546",
        f"the tokenizer of `{network}` does not know `{text}`, and has no token for what it does not know",
        label,
        help="choose a text of the tokenizer's own words, or save the tokenizer with a token for others (`unk_token`)",
    )


def _fed_plainly(facts: NetworkFacts) -> str:
    return f"feed it `{'vector' if facts.reads_numbers else 'tokens'} [...]`"


def _check_columns(task: Task, network: FedNetwork) -> list[Diagnostic]:
    """Tokens or numbers: as many as the network reads, and each one that it knows, or tells from its neighbours."""
    found: list[Diagnostic] = []
    facts, fed = network.facts, task.columns
    what = "numbers" if facts.reads_numbers else "tokens"
    if not facts.accepts(len(fed)):
        found.append(
            Diagnostic(
                "CS510",
                f"expected {facts.token_counts} {what}, found {len(fed)}: the network `{network.name}` reads"
                f" {facts.token_counts}",
                Label(task.rendering.span),
                help=f"list one input for each of the network's {what}, in its order",
            )
        )
    for declared in task.inputs:
        low, high = declared.domain.low, declared.domain.high
        if facts.reads_numbers and declared.name in fed and max(-low, high) > LARGEST_EXACT:
            found.append(
                Diagnostic(
                    "CS526",
                    f"`{declared.name}` reaches {low if -low > high else high}, but float32, in which the network"
                    f" `{network.name}` reads it, tells whole numbers apart up to {LARGEST_EXACT} only",
                    Label(declared.span),
                    help="give the input smaller numbers, and let the network's first layer scale them",
                )
            )
        if not facts.reads_numbers and declared.name in fed and declared.domain.size > facts.vocabulary:
            found.append(
                Diagnostic(
                    "CS511",
                    f"`{declared.name}` has {declared.domain.size} values, but the network `{network.name}` knows"
                    f" {facts.vocabulary} tokens",
                    Label(declared.span),
                    help="a value's index in its domain is its token id: make the domain smaller",
                )
            )
    return found


def _check_classes(task: Task, network: FedNetwork) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    facts = network.facts
    for answer in task.answers:
        if answer.position is not None or network.layout is None:  # after a prompt, the next token is read
            positions = () if answer.position is None else (answer.position,)
            found += check_positions(positions, f"the answer `{answer.output}`", answer.span, network)
        beyond = [c for c in answer.classes if c >= facts.classes]
        if not beyond:
            continue
        found.append(
            Diagnostic(
                "CS512",
                f"expected class indices 0..{facts.classes - 1}, found {beyond[0]}: the network `{network.name}` has"
                f" {facts.classes} classes",
                Label(answer.span),
                help="map each value of the output to one of the network's classes",
            )
        )
    return found
