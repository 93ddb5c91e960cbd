"""What a plan counts of unedited runs that are kept where they are read, beside the products in them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from cspec.compiler.experiments import AnswerAt, Encoding, NetworkFile
from cspec.compiler.plan import NetworkSource
from cspec.compiler.pricing.clean_reads import Course
from cspec.compiler.schedule import Beginning, CleanReads, Schedule, SiteRead
from cspec.compiler.weigh_network import weigh_network
from cspec.runtime.engines.captures import Captures
from cspec.runtime.engines.fed import Fed
from cspec.runtime.engines.feed import Feed
from torch.utils.flop_counter import FlopCounterMode

from .tools import LAYERS, draw_tokens, network_of

TOKENS, ITEMS = 12, 5
ENCODING = Encoding(tuple(range(TOKENS)), (AnswerAt(TOKENS - 1, (3, 7)),))
SITES = {
    "one position": (SiteRead("resid_post", 0, (5,)),),
    "two layers": (SiteRead("resid_post", 0, (3, 5)), SiteRead("resid_pre", 2, (5,))),
    "within a layer": (SiteRead("resid_post", 0, (7,)), SiteRead("mlp_act", 1, (7,))),
    "every position": (SiteRead("resid_post", 1, tuple(range(TOKENS))),),
}


@contextmanager
def products() -> Iterator[list[int]]:
    """The operations of products with weights; those of attention have none."""
    found = list[int]()
    with FlopCounterMode(display=False) as counter:
        yield found
    counted = counter.get_flop_counts().get("Global", {})
    found.append(sum(flops for operator, flops in counted.items() if str(operator) in ("aten.addmm", "aten.mm")))


@pytest.mark.parametrize("sites", SITES)
@pytest.mark.parametrize("name", ["gpt2", "gpt_neox", "llama", "qwen3", "gemma3_text"])
def test_the_plan_counts_what_is_run(name: str, sites: str) -> None:
    """Sources that are read; then bases, of which keys and values are kept; and these go on to their answers."""
    network, rows, early = network_of(name), draw_tokens(2 * ITEMS, TOKENS), 5
    reads = CleanReads(SITES[sites], (Beginning(1, ((early,),)),))
    source = NetworkSource("lm", NetworkFile("lm", Path("lm"), network.facts))
    weight = weigh_network(source.file, ENCODING)
    schedule = Schedule(True, True, True, True, "where read", 100, True, reads=reads)
    captures = Captures(network, network.device).narrow
    read, bases = (Fed(Feed(ENCODING), some) for some in rows.split(ITEMS))
    site = SITES[sites][0]
    stage = 1 if site.layer == 0 else 2

    with products() as counted:
        captures.read(read, [(site.component, site.layer)], [site.positions[:1]], schedule)
    assert counted == [ITEMS * Course(reads, stage, None, source, ENCODING, weight).flops(None)]
    with products() as counted:
        captures.bases(bases, 1, early, schedule)
    course = Course(reads, 1, early, source, ENCODING, weight)
    keys = course.keys(True)
    kept = weight.run(1, LAYERS) * early // TOKENS - 2 * weight.after * early
    assert keys == (1, early)
    assert counted == [ITEMS * (course.flops(keys) + kept)]
    with products() as counted:
        captures.answers(bases)
    later = weight.run(1, LAYERS) * (TOKENS - early) // TOKENS - weight.unread(TOKENS - early)
    assert counted == [ITEMS * later]
    with products() as counted:
        captures.read(read, [(site.component, site.layer)], [site.positions], schedule)
        captures.bases(bases, 1, early, schedule)
        captures.answers(bases)
    assert counted == [0]


def test_a_state_takes_the_positions_that_are_read() -> None:
    network, rows = network_of("llama"), draw_tokens(ITEMS, TOKENS)
    for sites in SITES.values():
        source = NetworkSource("lm", NetworkFile("lm", Path("lm"), network.facts))
        reads, weight = CleanReads(sites, (Beginning(1, ((5,),)),)), weigh_network(source.file, ENCODING)
        captures = Captures(network, torch.device("cpu"))
        captures.narrow.bases(Fed(Feed(ENCODING), rows), 1, 5, Schedule(True, True, True, True, reads=reads))
        held = Course(reads, 1, 5, source, ENCODING, weight).holds()
        assert captures.narrow.size == 4 * ITEMS * sum(held.values())
