"""Every family of maps: exact inverses, shares, what a map keeps of itself."""

import pytest
import torch
from cspec.compiler.groundings import Block, Frame, Inside
from cspec.lang.places import Family
from cspec.runtime.maps import AnnealedMap, FeatureMap, NestedMap, open_map
from cspec.runtime.maps.boundless import BoundlessMap
from cspec.runtime.maps.chosen_dims import ChosenDims
from cspec.runtime.maps.masked_dims import MaskedDims
from cspec.runtime.maps.revnet import RevnetMap
from cspec.runtime.maps.subspace import SubspaceMap


def frame(family: str, dim: int, *sizes: int, learned: bool = False, inside: Inside | None = None) -> Frame:
    name, *arguments = family.split()
    stops = [sum(sizes[: i + 1]) for i in range(len(sizes))]
    blocks = tuple(Block(i, stop - size, stop) for i, (size, stop) in enumerate(zip(sizes, stops, strict=True)))
    return Frame(
        component="hidden",
        layer=1,
        dims=tuple(range(dim)),
        width=dim,
        family=Family(name, tuple(int(a) for a in arguments)),  # type: ignore[arg-type]
        blocks=blocks,
        learned_size=learned,
        inside=inside,
    )


FRAMES = {
    "identity": frame("identity", 7, 7),
    "identity size": frame("identity", 7, 2, 3),
    "identity learned": frame("identity", 7, 0, 0, learned=True),
    "rotation": frame("rotation", 7, 2, 3),
    "rotation, square": frame("rotation", 4, 3, 1),
    "rotation learned": frame("rotation", 7, 0, 0, learned=True),
    "rotation learned, wide": frame("rotation", 90, 0, learned=True),
    "pca": frame("pca", 7, 2, 2),
    "difference": frame("difference", 7, 1, 1),
    "probe": frame("probe", 7, 2, 1),
    "revnet": frame("revnet 10 16", 16, 4, 4),
    "revnet, odd": frame("revnet 3 5", 7, 2, 3),
    "revnet, one dim": frame("revnet 2 3", 1, 1),
    "inside a rotation": frame("rotation", 3, 1, 1, inside=Inside(frame("rotation", 7, 2, 3), 1)),
    "inside dims": frame("revnet 2 4", 3, 2, inside=Inside(frame("identity", 7, 2, 3), 1)),
    "inside a revnet": frame("identity", 3, 1, 2, inside=Inside(frame("revnet 3 5", 7, 2, 3), 1)),
}
FRAMES["inside twice"] = frame("rotation", 2, 1, inside=Inside(FRAMES["inside dims"], 0))
FAMILIES = pytest.mark.parametrize("name", FRAMES)


def drawn(name: str, seed: int = 0) -> FeatureMap:
    """A random map of the family, its trained weights moved away from where training starts."""
    feature_map, generator = open_map(FRAMES[name]), torch.Generator().manual_seed(seed)
    outer = feature_map
    while isinstance(outer, NestedMap):
        inner, outer = outer, outer.outer
        outer.draw(generator)
        inner.hold(outer.state())
    feature_map.draw(generator)
    with torch.no_grad():
        for parameter in feature_map.parameters():
            if parameter.requires_grad:
                parameter.add_(0.05 * torch.randn(parameter.shape, generator=generator))
    feature_map.settle()
    return feature_map


def site_dim(name: str) -> int:
    place = FRAMES[name]
    while place.inside is not None:
        place = place.inside.frame
    return place.dim


@FAMILIES
@pytest.mark.parametrize("axes", [(), (5,), (3, 2), (2, 1, 4)])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_inverse_rebuilds_every_vector(name: str, axes: tuple[int, ...], seed: int) -> None:
    feature_map = drawn(name, seed)
    x = torch.randn(*axes, site_dim(name), generator=torch.Generator().manual_seed(seed))
    for _ in range(2):  # as trained, then fixed
        features, error = feature_map.featurise(x)
        assert features.shape[:-1] == error.shape[:-1] == axes
        assert error.shape[-1] == feature_map.error_size
        assert all(feature_map.share(block).shape == features.shape[-1:] for block in range(len(FRAMES[name].blocks)))
        torch.testing.assert_close(feature_map.inverse(features, error), x, atol=1e-5, rtol=0)
        feature_map.restore(feature_map.state())


@FAMILIES
def test_an_exact_map_gives_back_every_bit(name: str) -> None:
    feature_map = drawn(name)
    x = torch.randn(50, 2, site_dim(name), generator=torch.Generator().manual_seed(6))
    assert feature_map.exact == ("revnet" not in name and name != "inside dims" and name != "inside twice")
    for _ in range(2):  # as trained, then fixed
        if feature_map.exact:
            assert torch.equal(feature_map.inverse(*feature_map.featurise(x)), x)
        feature_map.restore(feature_map.state())


@FAMILIES
def test_swapping_a_block_with_itself_changes_nothing_and_with_another_something(name: str) -> None:
    feature_map = drawn(name)
    feature_map.restore(feature_map.state())
    base, source = torch.randn(2, 9, 2, site_dim(name), generator=torch.Generator().manual_seed(3))
    features, error = feature_map.featurise(base)
    for block in range(len(FRAMES[name].blocks)):
        for other, same in ((base, True), (source, False)):
            found, _ = feature_map.featurise(other)
            patched = feature_map.inverse(features + feature_map.share(block) * (found - features), error)
            moved = float((patched - base).detach().abs().max())
            assert moved <= 1e-5 if same or not feature_map.share(block).any() else moved > 0.01


@FAMILIES
def test_a_fixed_map_shares_every_feature_whole_and_once(name: str) -> None:
    feature_map = drawn(name)
    feature_map.restore(feature_map.state())
    shares = torch.stack([feature_map.share(block) for block in range(len(FRAMES[name].blocks))])
    assert bool(((shares == 0) | (shares == 1)).all())
    assert bool((shares.sum(0) <= 1).all())
    if not FRAMES[name].learned_size:
        assert shares.sum(1).tolist() == [block.size for block in FRAMES[name].blocks]
    assert not any(parameter.requires_grad for parameter in feature_map.parameters())


@FAMILIES
def test_a_map_is_its_state(name: str) -> None:
    one, two = drawn(name, 1), drawn(name, 2)
    state = one.state()
    two.restore(state)
    assert state.keys() == two.state().keys()
    for key, tensor in two.state().items():
        torch.testing.assert_close(tensor, state[key], atol=1e-6, rtol=0)
    one.restore(state)
    x = torch.randn(4, site_dim(name), generator=torch.Generator().manual_seed(5))
    assert torch.equal(one.featurise(x)[0], two.featurise(x)[0])
    assert all(torch.equal(one.share(b), two.share(b)) for b in range(len(FRAMES[name].blocks)))


@FAMILIES
def test_a_map_is_drawn_from_its_generator_alone(name: str) -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    one = drawn(name, 4)
    assert torch.equal(torch.rand(3), expected)
    two = drawn(name, 4)
    for key, tensor in one.state().items():
        assert torch.equal(tensor, two.state()[key])


@pytest.mark.parametrize("name", ["rotation", "revnet", "identity learned", "rotation learned", "inside a rotation"])
def test_an_open_map_has_gradients_and_its_outer_map_none(name: str) -> None:
    feature_map = drawn(name)
    base, source = torch.randn(2, 9, site_dim(name), generator=torch.Generator().manual_seed(3))
    features, error = feature_map.featurise(base)
    found, _ = feature_map.featurise(source)
    patched = feature_map.inverse(features + feature_map.share(0) * (found - features), error)
    patched.pow(2).sum().backward()  # type: ignore[no-untyped-call]
    inner = feature_map.inner if isinstance(feature_map, NestedMap) else feature_map
    open_ones = [p for p in feature_map.parameters() if p.requires_grad]
    assert open_ones
    assert {id(p) for p in open_ones} <= {id(p) for p in inner.parameters()}
    assert all(p.grad is not None and bool(p.grad.abs().sum() > 0) for p in open_ones)


def test_each_frame_gets_the_map_of_its_family() -> None:
    kinds = {
        "identity": (ChosenDims, "given"),
        "identity size": (ChosenDims, "search"),
        "identity learned": (MaskedDims, "training"),
        "rotation": (SubspaceMap, "training"),
        "rotation learned": (BoundlessMap, "training"),
        "pca": (SubspaceMap, "closed form"),
        "difference": (SubspaceMap, "closed form"),
        "probe": (SubspaceMap, "closed form"),
        "revnet": (RevnetMap, "training"),
        "inside a rotation": (NestedMap, "training"),
        "inside a revnet": (NestedMap, "search"),
    }
    assert {name: (type(open_map(FRAMES[name])), FRAMES[name].found_by) for name in kinds} == kinds


def test_two_variables_that_fill_a_site_still_have_to_be_searched() -> None:
    assert frame("identity", 16, 8, 8).found_by == "search"
    assert not frame("identity", 16, 8, 8).given
    assert frame("identity", 16, 16).given


def test_a_given_block_is_the_site_itself() -> None:
    feature_map = open_map(FRAMES["identity"])
    x = torch.randn(3, 7)
    assert torch.equal(feature_map.featurise(x)[0], x)
    assert torch.equal(feature_map.share(0), torch.ones(7))


def test_a_subspace_swap_is_the_closed_formula() -> None:
    """base + P (source - base), P the projection on the block's columns."""
    feature_map = drawn("rotation")
    weight = feature_map.state()["weight"]
    base, source = torch.randn(2, 6, 7, generator=torch.Generator().manual_seed(8))
    features, error = feature_map.featurise(base)
    patched = feature_map.inverse(
        features + feature_map.share(1) * (feature_map.featurise(source)[0] - features), error
    )
    columns = weight[:, 2:]
    torch.testing.assert_close(patched, base + (source - base) @ columns @ columns.T, atol=1e-5, rtol=0)


def test_a_frame_is_orthonormal_while_it_trains_and_to_the_last_digit_when_kept() -> None:
    feature_map = open_map(FRAMES["rotation"])
    feature_map.draw(torch.Generator().manual_seed(0))
    optimizer = torch.optim.SGD([p for p in feature_map.parameters() if p.requires_grad], lr=0.1)
    x, target = torch.randn(2, 20, 7, generator=torch.Generator().manual_seed(1))
    for _ in range(20):
        loss = (feature_map.featurise(x)[0] - target[:, :5]).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        feature_map.settle()
    assert isinstance(feature_map, SubspaceMap)
    frame_now = feature_map.frame.weight.detach()
    torch.testing.assert_close(frame_now.T @ frame_now, torch.eye(5), atol=1e-5, rtol=0)
    kept = feature_map.state()["weight"].double()
    torch.testing.assert_close(kept.T @ kept, torch.eye(5, dtype=torch.float64), atol=3e-7, rtol=0)
    torch.testing.assert_close(kept.float(), frame_now, atol=1e-5, rtol=0)


def test_a_revnet_starts_as_a_rotation_and_bends_when_its_weights_move() -> None:
    x, y = torch.randn(2, 50, 16, generator=torch.Generator().manual_seed(2))
    at_first = open_map(FRAMES["revnet"])
    at_first.draw(torch.Generator().manual_seed(0))
    for feature_map, straight in ((at_first, True), (drawn("revnet"), False)):
        together, one, other = (feature_map.featurise(z)[0].detach() for z in (x + y, x, y))
        bend = (together - one - other).abs().max()
        assert (float(bend) < 1e-5) == straight
    found = at_first.featurise(x)[0].detach()
    torch.testing.assert_close(found.norm(dim=1), x.norm(dim=1))
    assert float((found - x).abs().max()) > 1


@pytest.mark.parametrize("name", ["identity learned", "rotation learned"])
def test_shares_harden_as_the_temperature_falls(name: str) -> None:
    feature_map = drawn(name)
    assert isinstance(feature_map, AnnealedMap)
    distances = []
    for done in (0.0, 0.5, 1.0):
        feature_map.soften(done)
        soft = torch.stack([feature_map.share(block).detach() for block in range(2)])
        assert bool(((soft >= 0) & (soft <= 1)).all())
        assert bool((soft.sum(0) <= 1 + 1e-6).all())
        feature_map.harden()
        hard = torch.stack([feature_map.share(block) for block in range(2)])
        assert bool(((hard == 0) | (hard == 1)).all())
        distances.append(float((hard - soft).abs().mean()))
    assert distances[0] > distances[1] > distances[2]


def test_the_penalty_counts_what_blocks_take() -> None:
    boundless = open_map(FRAMES["rotation learned"])
    boundless.draw(torch.Generator().manual_seed(0))
    assert isinstance(boundless, BoundlessMap)
    torch.testing.assert_close(boundless.taken().detach(), torch.tensor(2 / 3))
    boundless.restore({"weight": torch.eye(7), "sizes": torch.tensor([3, 2])})
    assert torch.equal(boundless.share(0), torch.tensor([1.0, 1, 1, 0, 0, 0, 0]))
    assert torch.equal(boundless.share(1), torch.tensor([0.0, 0, 0, 1, 1, 0, 0]))


def test_boundaries_led_out_of_their_range_come_back() -> None:
    boundless = open_map(FRAMES["rotation learned"])
    boundless.draw(torch.Generator().manual_seed(0))
    assert isinstance(boundless, BoundlessMap)
    for fractions, sizes in (((-0.5, 0.3), [1, 2]), ((0.9, 0.9), [4, 3])):
        with torch.no_grad():
            boundless.fractions.copy_(torch.tensor(fractions))
        boundless.soften(1.0)
        assert boundless.state()["sizes"].tolist() == sizes
