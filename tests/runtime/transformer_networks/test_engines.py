"""Engines on transformers: against plain hooks prompt by prompt, and against each other, for the same maps."""

import copy
import functools
import gc
import weakref
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from cspec.compiler.encode_prompts import PromptEncoding
from cspec.compiler.experiments import AnswerAt, Encoding
from cspec.compiler.groundings import Block, Frame, Grounding, Positions
from cspec.compiler.interpret_terms import Batch
from cspec.compiler.plan import EngineName
from cspec.compiler.terms import Assignment, NetworkWorld, OutputOf, Run, ValueOf, interchange, plain
from cspec.lang.places import IDENTITY, Family, Position
from cspec.runtime.engines import Engine, Opened, open_engine
from cspec.runtime.engines.captures import Captures
from cspec.runtime.engines.kept import Kept
from cspec.runtime.engines.term_engine import TermEngine
from cspec.runtime.errors import EngineRefusal
from cspec.runtime.maps import FeatureMap
from cspec.runtime.maps.open_map import open_map
from cspec.runtime.networks.prefix import Prefix
from cspec.runtime.networks.transformers import TransformerNetwork
from torch import Tensor

from .plain_hooks import hooked
from .tools import CONFIGS, DECODERS, EACH_TABLE, LAYERS, WIDTH, components, draw_tokens, network_of

ENGINES: tuple[EngineName, ...] = ("hooks", "fused", "pyvene")
NAMES = ("a", "b")
WORLD = NetworkWorld("net", "al")
LAST, SLOT = Position(index=-1), Position(slot="s")
ENCODING = Encoding(
    (), (AnswerAt(LAST, (0, 1)), AnswerAt(SLOT, (0, 1))), PromptEncoding((), (), ("s",), "", 32, Path())
)
SITES = [
    (name, *site) for name in EACH_TABLE for site in components(network_of(name)) if site[1] == 1 or site[0] == "embed"
]
CLOSE = {"atol": 1e-5, "rtol": 1e-5}


def draw_batch(items: int = 6) -> Batch:
    """Prompts of several lengths, each with a slot of two tokens somewhere in it."""
    rng = np.random.default_rng(3)
    rows = np.full((items, 3, 3 + 9), -1)
    for item, role in np.ndindex(items, 3):
        length, start = rng.integers(5, 10), rng.integers(1, 3)
        rows[item, role, :3] = length, start, start + 2
        rows[item, role, 3 : 3 + length] = draw_tokens(1, int(length), seed=int(rng.integers(1 << 30)))[0]
    members = np.array([[True, False], [False, True], [True, True]])[np.arange(items) % 3]
    return Batch(rows, members, NAMES)


def open_named(
    kind: EngineName, network: TransformerNetwork, grounding: Grounding, maps: tuple[FeatureMap, ...]
) -> Engine:
    opened = Opened(network, network.device, Captures(network, network.device))
    return open_engine(kind, opened, ENCODING, grounding, NAMES, maps)


def drawn_maps(grounding: Grounding, fixed: bool = True) -> tuple[FeatureMap, ...]:
    """Random maps, as they are read from a store; or, not `fixed`, as they are when they are trained."""
    maps = tuple(open_map(frame) for frame in grounding.frames)
    for map in maps:
        map.draw(torch.Generator().manual_seed(4))
        if fixed:
            map.restore(map.state())
    return maps


def two_places(network: TransformerNetwork, component: str, layer: int | None, positions: Positions) -> Grounding:
    """`a` in a subspace of half a head (or of some dims) of a site, `b` on dims of the stream after the last layer."""
    facts = network.facts
    heads = facts.heads_of(component)
    share = facts.width(component, layer)
    assert share is not None
    dims = tuple(range((heads - 1) * share, heads * share)) if heads else tuple(range(1, 9))
    first = Frame(component, layer, dims, share * max(1, heads), Family("rotation"), (Block(0, 0, 3),), positions)
    last = Frame("resid_post", LAYERS - 1, (0, 5, 6), WIDTH, IDENTITY, (Block(1, 0, 3),), (LAST,))
    return Grounding((first, last))


def by_plain_hooks(network: TransformerNetwork, grounding: Grounding, weight: Tensor, batch: Batch) -> Tensor:
    """base + P (source - base) with P the projection on `a`'s subspace, and `b`'s dims of its source; item by item."""
    first = grounding.frames[0]
    facts, model = network.facts, network.model

    def place(frame: Frame, row: Tensor) -> list[int]:
        known = {LAST: int(row[0]) - 1, SLOT: int(row[2]) - 1}
        return [known[p] if isinstance(p, Position) else p for p in frame.positions]

    def tokens(row: Tensor) -> Tensor:
        return row[3 : 3 + int(row[0])][None]

    def state(frame: Frame, row: Tensor) -> Tensor:
        kept: list[Tensor] = []

        def keep(x: Tensor) -> Tensor:
            kept.append(x[0, place(frame, row)][:, list(frame.dims)])
            return x

        with hooked(model, facts.heads_of(frame.component), frame.component, frame.layer, keep):
            model(input_ids=tokens(row))
        return kept[0]

    def answers(item: int) -> Tensor:
        base, *sources = torch.from_numpy(batch.inputs[item])
        projection = weight @ weight.T

        def edit(frame: Frame, source: Tensor, x: Tensor) -> Tensor:
            at, dims = place(frame, base), list(frame.dims)
            out = x.clone()
            here = out[0, at][:, dims]
            if frame is first:
                step = (source - here).flatten() @ projection
                here = here + step.view(here.shape)
            else:
                here = source
            out[0, torch.tensor(at)[:, None], torch.tensor(dims)] = here
            return out

        held = [state(frame, source) for frame, source in zip(grounding.frames, sources, strict=True)]
        with ExitStack() as stack:
            for index, frame in enumerate(grounding.frames):
                if batch.members[item, index]:
                    change = functools.partial(edit, frame, held[index])
                    heads = facts.heads_of(frame.component)
                    stack.enter_context(hooked(model, heads, frame.component, frame.layer, change))
            logits = model(input_ids=tokens(base)).logits[0]
        return logits[[int(base[0]) - 1, int(base[2]) - 1]]

    return torch.stack([answers(item) for item in range(len(batch))])


@pytest.mark.parametrize(("name", "component", "layer"), SITES)
def test_engines_make_the_interchange_that_plain_hooks_make(name: str, component: str, layer: int | None) -> None:
    network, batch = network_of(name), draw_batch()
    grounding = two_places(network, component, layer, (SLOT,))
    maps = drawn_maps(grounding)
    expected = by_plain_hooks(network, grounding, maps[0].state()["weight"], batch)
    for kind in ENGINES:
        found = open_named(kind, network, grounding, maps).logits(interchange(WORLD, NAMES, "o"), batch)
        torch.testing.assert_close(found, expected, **CLOSE)


@pytest.mark.parametrize("name", CONFIGS)
def test_an_answer_that_is_read_before_the_edit_is_the_unedited_one(name: str) -> None:
    network, batch = network_of(name), draw_batch()
    grounding = two_places(network, "resid_pre", 1, (LAST,))
    maps = drawn_maps(grounding)
    expected = by_plain_hooks(network, grounding, maps[0].state()["weight"], batch)
    for kind in ENGINES:
        found = open_named(kind, network, grounding, maps).logits(interchange(WORLD, NAMES, "o"), batch)
        torch.testing.assert_close(found, expected, **CLOSE)


MAPS = {
    "dims": (IDENTITY, (2, 3), False),
    "masked dims": (IDENTITY, (0, 0), True),
    "rotation": (Family("rotation"), (3, 2), False),
    "boundless": (Family("rotation"), (0, 0), True),
    "revnet": (Family("revnet", (2, 8)), (3, 2), False),
}
PLACES: dict[str, tuple[str, int, int, int, Positions, bool]] = {
    "two positions as one": ("resid_post", 0, 0, WIDTH, (SLOT, LAST), False),
    "two positions alike": ("mlp_out", 1, 0, WIDTH, (SLOT, 0), True),
    "the stream between": ("resid_mid", 1, 0, WIDTH, (Position(slot="s", part="first"),), False),
    "a head": ("v", 1, 1, 3, (Position(slot="s", part="first"), 0), True),
}
SOME = ("gpt2", "gpt_neox, one after the other", "gemma3", "bert")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("map", MAPS)
@pytest.mark.parametrize("name", [*SOME[1:3], "llama", "gemma2"])
def test_engines_agree_on_the_same_maps_and_on_their_gradients(name: str, map: str, place: str) -> None:
    network, batch = network_of(name), draw_batch()
    family, sizes, learned = MAPS[map]
    component, layer, start, width, positions, shared = PLACES[place]
    facts = network.facts
    heads = facts.heads_of(component)
    share = facts.width(component, layer)
    assert share is not None
    dims = tuple(range(share, share + 4)) if heads else tuple(range(start, width))
    blocks = (Block(0, 0, sizes[0]), Block(1, sizes[0], sum(sizes)))
    if family is IDENTITY and not learned:
        blocks = (Block(0, 0, 1), Block(1, 1, 3))
    frame = Frame(component, layer, dims, share * max(1, heads), family, blocks, positions, shared, learned)
    if place == "a head" and map in ("rotation", "revnet"):
        frame = replace(frame, blocks=(Block(0, 0, 1), Block(1, 1, 3)))
    grounding = Grounding((frame,))
    maps = drawn_maps(grounding, fixed=False)
    clean = open_named("hooks", network, grounding, maps).logits(plain(WORLD, "o"), batch)
    found, slopes = [], []
    for kind in ENGINES:
        logits = open_named(kind, network, grounding, maps).logits(interchange(WORLD, NAMES, "o"), batch)
        found.append(logits.detach())
        parameters = [weight for weight in maps[0].parameters() if weight.requires_grad]
        assert bool(parameters) == (map != "dims")
        if parameters:
            loss = logits.log_softmax(-1)[..., 3].mean()
            slopes.append(torch.cat([g.flatten() for g in torch.autograd.grad(loss, parameters)]))
    assert (found[0] - clean).abs().max() > 1e-3
    for other in found[1:]:
        torch.testing.assert_close(other, found[0], **CLOSE)
    for slope in slopes[1:]:
        torch.testing.assert_close(slope, slopes[0], **CLOSE)
        assert slope.abs().max() > 1e-3


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize("shared", [False, True])
def test_gradients_are_those_of_finite_differences(shared: bool, kind: EngineName) -> None:
    network, batch = network_of("gpt2"), draw_batch()
    blocks = (Block(0, 0, 3), Block(1, 3, 5))
    grounding = Grounding(
        (Frame("resid_post", 0, tuple(range(WIDTH)), WIDTH, Family("rotation"), blocks, (SLOT, LAST), shared),)
    )
    maps = drawn_maps(grounding, fixed=False)
    engine, query = open_named(kind, network, grounding, maps), interchange(WORLD, NAMES, "o")
    parameters = [weight for weight in maps[0].parameters() if weight.requires_grad]

    def loss() -> Tensor:
        return engine.logits(query, batch).log_softmax(-1)[..., 3].mean()

    slopes = torch.autograd.grad(loss(), parameters)
    size = torch.cat([slope.flatten() for slope in slopes]).norm()
    step = 0.02
    sides = []
    for sign in (1, -2):  # up the slope, then as far below where it started
        with torch.no_grad():
            for weight, slope in zip(parameters, slopes, strict=True):
                weight += sign * step * slope / size
        sides.append(float(loss().detach()))
    assert (sides[0] - sides[1]) / (2 * step) == pytest.approx(float(size), rel=0.02)


@pytest.mark.parametrize("name", SOME)
def test_an_interchange_with_the_prompt_itself_changes_nothing(name: str) -> None:
    network, batch = network_of(name), draw_batch()
    inputs = np.repeat(batch.inputs[:, :1], 3, axis=1)
    own = Batch(inputs, batch.members, NAMES)
    grounding = two_places(network, "attn_out", 1, (SLOT,))
    maps = drawn_maps(grounding)
    for kind in ENGINES:
        engine = open_named(kind, network, grounding, maps)
        clean = engine.logits(plain(WORLD, "o"), own)
        torch.testing.assert_close(engine.logits(interchange(WORLD, NAMES, "o"), own), clean, **CLOSE)


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name in CONFIGS for kind in ENGINES if name in SOME or kind == "fused"]
)
def test_what_an_engine_says_of_a_prompt_does_not_depend_on_its_company(name: str, kind: EngineName) -> None:
    network, batch = network_of(name), draw_batch()
    grounding = two_places(network, "head_out", 1, (SLOT,))
    maps = drawn_maps(grounding)
    query = interchange(WORLD, NAMES, "o")
    together = open_named(kind, network, grounding, maps).logits(query, batch)
    states = open_named(kind, network, grounding, maps).states(0, torch.from_numpy(batch.inputs[:, 0]))
    for item in range(len(batch)):
        engine, alone = open_named(kind, network, grounding, maps), batch.take(np.array([item]))
        torch.testing.assert_close(engine.logits(query, alone)[0], together[item], **CLOSE)
        torch.testing.assert_close(engine.states(0, torch.from_numpy(alone.inputs[:, 0]))[0], states[item], **CLOSE)


@pytest.mark.parametrize("name", CONFIGS)
def test_engines_agree_on_nested_and_joint_terms_and_their_gradients(name: str) -> None:
    """`a` of its base in a run whose `b` is another input's, which is set after a fixed edit of `a`."""
    network, batch = network_of(name), draw_batch()
    grounding = two_places(network, "resid_post", 0, (SLOT,))
    inner = Run(WORLD, 1, (Assignment("a", ValueOf("a", Run(WORLD, 2))),))
    nested = OutputOf("o", Run(WORLD, 0, (Assignment("b", ValueOf("b", inner)),)))
    joint = Run(WORLD, 0, (Assignment("a", ValueOf("a", inner)), Assignment("b", ValueOf("b", Run(WORLD, 2)))))
    maps = drawn_maps(grounding, fixed=False)
    for query in (nested, OutputOf("o", joint)):
        found, slopes = [], []
        for kind in ENGINES:
            logits = open_named(kind, network, grounding, maps).logits(query, batch)
            loss = logits.log_softmax(-1)[..., 3].mean()
            slopes.append(torch.autograd.grad(loss, list(maps[0].parameters()))[0])
            found.append(logits.detach())
        for other, slope in zip(found[1:], slopes[1:], strict=True):
            torch.testing.assert_close(other, found[0], **CLOSE)
            torch.testing.assert_close(slope, slopes[0], **CLOSE)
        assert slopes[0].abs().max() > 1e-4


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", SOME)
def test_engines_agree_in_short_types(name: str, dtype: torch.dtype) -> None:
    exact, batch = network_of(name), draw_batch()
    grounding = two_places(exact, "attn_out", 1, (SLOT,))
    maps, query = drawn_maps(grounding), interchange(WORLD, NAMES, "o")
    expected = open_named("hooks", exact, grounding, maps).logits(query, batch)
    half = TransformerNetwork(copy.deepcopy(exact.model).to(dtype), exact.facts)
    for kind in ENGINES:
        found = open_named(kind, half, grounding, maps).logits(query, batch)
        assert found.dtype == torch.float32
        assert (found - expected).abs().mean() < 0.02 * expected.abs().mean() + 0.02


def test_pyvene_refuses_logits_that_no_module_gives() -> None:
    network, batch = network_of("gemma2"), draw_batch()
    frame = Frame("logits", None, (0, 1), network.facts.vocabulary, IDENTITY, (Block(0, 0, 2),), ())
    grounding = Grounding((frame,))
    engine = open_named("pyvene", network, grounding, drawn_maps(grounding))
    with pytest.raises(EngineRefusal, match="no module gives logits"):
        engine.logits(interchange(WORLD, ("a",), "o"), batch)


SAYING = replace(ENCODING, answers=(AnswerAt(LAST, (0, 1)),))


@pytest.mark.parametrize("name", [*DECODERS, "bert"])
def test_what_is_said_after_an_edited_prompt_is_the_same_from_kept_keys_and_values(name: str) -> None:
    """`hooks` runs every prompt whole again for each token; texts end where a token of some ends them."""
    network, batch = network_of(name), draw_batch(12)
    grounding = two_places(network, "resid_post", 0, (SLOT,))
    maps = drawn_maps(grounding)
    opened = Opened(network, network.device, Captures(network, network.device))
    hooks, fused = (open_engine(kind, opened, SAYING, grounding, NAMES, maps) for kind in ("hooks", "fused"))
    assert isinstance(hooks, TermEngine)
    for query in (interchange(WORLD, NAMES, "y"), plain(WORLD, "y")):
        free = hooks.generate(query, batch, 6, ())
        ends = tuple(free.tokens[:, 2:4].unique().tolist())[:2]
        whole, kept = (engine.generate(query, batch, 6, ends) for engine in (hooks, fused))
        assert torch.equal(whole.tokens, kept.tokens)
        assert torch.equal(whole.near, kept.near)
        lengths = (whole.tokens >= 0).sum(1)
        assert len(lengths.unique()) > 1
    assert not torch.equal(free.tokens, hooks.generate(interchange(WORLD, NAMES, "y"), batch, 6, ()).tokens)


@pytest.mark.parametrize("name", DECODERS)
def test_runs_that_go_on_give_the_logits_of_whole_ones(name: str) -> None:
    network, tokens = network_of(name), draw_tokens(4, 12)
    whole = network(tokens)
    logits, prefix = network.go_on(tokens[:, :5], None)
    torch.testing.assert_close(logits, whole[:, 4], **CLOSE)
    for length in (6, 7, 10, 12):
        before = prefix
        logits, prefix = network.go_on(tokens[:, :length], prefix)
        torch.testing.assert_close(logits, whole[:, length - 1], **CLOSE)
        assert (before.length, prefix.length) == (before.length, length)
    with pytest.raises(ValueError, match="expected a length"):
        network.go_on(tokens, prefix)


def test_texts_that_do_not_fit_at_once_are_generated_in_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    network, batch = network_of("gpt2"), draw_batch(7)
    opened = Opened(network, network.device, Captures(network, network.device))
    engine = open_engine("fused", opened, SAYING, None, (), ())
    expected, go_on = engine.generate(plain(WORLD, "y"), batch, 4, ()), network.go_on

    def cramped(tokens: Tensor, prefix: Prefix | None) -> tuple[Tensor, Prefix]:
        if len(tokens) > 1:
            raise torch.OutOfMemoryError
        return go_on(tokens, prefix)

    monkeypatch.setattr(network, "go_on", cramped)
    found = engine.generate(plain(WORLD, "y"), batch, 4, ())
    assert torch.equal(found.tokens, expected.tokens)


@pytest.mark.parametrize("stage", [None, 1])
def test_captures_that_give_way_are_gone_at_once(stage: int | None) -> None:
    """Without waiting for the collector of garbage, which counts objects and not the bytes of their tensors."""
    network, tokens = network_of("gpt2"), draw_tokens(5, 7)
    captures = Captures(network, network.device)
    before = [each for each in gc.get_objects() if type(each) is Kept]
    if stage is None:
        assert captures.prefix_reader(tokens, 0, 4) is not None
    else:
        captures.state(tokens, stage)
    others = {id(each) for each in before}
    held = [weakref.ref(each) for each in gc.get_objects() if type(each) is Kept and id(each) not in others]
    assert captures.size > 0
    assert held
    gc.disable()
    try:
        captures.forget()
        assert not any(each() for each in held)
    finally:
        gc.enable()
