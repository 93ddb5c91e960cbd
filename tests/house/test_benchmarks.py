"""Benchmarks print what they measured, and the two evaluators that are timed agree. Nothing is timed here."""

import json

import numpy as np
import torch
from cspec.benchmarks import causal_model, check, frame, report
from cspec.cli.workflow import check as check_spec


def test_rows_are_told_as_a_table_and_as_json() -> None:
    rows = [report.Row("one", 3.0, "ms", wanted=6.0), report.Row("two", 10.0, "1/s", wanted=1.0, peer=4.0)]
    assert [row.ratio for row in rows] == [0.5, 2.5]
    document = json.loads(report.to_json("x", rows))
    assert [(row["case"], row["ratio"]) for row in document["rows"]] == [("one", 0.5), ("two", 2.5)]
    table = report.render("x", rows).splitlines()
    assert table[0] == "x"
    assert table[2].split() == ["one", "3", "6", "0.5", "ms"]


def test_duels_are_told_by_how_many_times_faster_ours_is() -> None:
    duel = report.judge("one", [(0.001, 0.002), (0.001, 0.004), (0.002, 0.006)], wanted=2.0)
    (row,) = json.loads(report.to_json("x", [duel]))["rows"]
    assert (row["case"], row["ratio"], row["ours_ms"], row["peer_ms"]) == ("one", 3.0, 1.0, 4.0)
    assert report.render("x", [duel]).splitlines()[2].split() == ["one", "1", "4", "3", "2"]
    assert report.run_duel("two", lambda: sum(range(10)), lambda: sum(range(10**5)), 3).ratio > 10


def test_the_frames_that_are_timed_swap_alike() -> None:
    ours, peer = frame.Ours(24, 5), frame.open_peer(24, 5)
    peer.rotate_layer.weight = ours.map.state()["weight"]
    base, source = torch.randn(2, 6, 24, generator=torch.Generator().manual_seed(0))
    swapped = ours(base, source)
    torch.testing.assert_close(swapped, peer(base, source), atol=1e-5, rtol=0)
    assert float((swapped - base).detach().abs().max()) > 0.1


def test_the_plain_evaluator_agrees() -> None:
    model = check_spec(causal_model.SPEC).models[causal_model.MODEL]
    bases, sources = np.random.Generator(np.random.Philox(1)).integers(0, 10, (2, 500, 4))
    fast = causal_model.interchange(model, bases, sources)
    assert np.array_equal(fast, causal_model.naive_interchange(model, bases, sources))


def test_the_large_spec_has_as_many_models_as_it_says() -> None:
    assert check.large_spec(3).count("model ") == 3
