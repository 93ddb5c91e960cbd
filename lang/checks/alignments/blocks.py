"""Typed placements -> whether they are consistent: frames whose blocks fit, and disjoint places."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...diagnostics import Label
from ...places import Placement, Region, Site, show_dims
from ...scope import AlignmentView, Reporter
from ...sites.inner_sites import room_of
from ...sites.overlaps import overlap, replaces


def check_blocks(placements: Sequence[Placement], views: Mapping[str, AlignmentView | None], report: Reporter) -> None:
    """Variables at one place share one frame, in disjoint blocks that fit; all others are disjoint.

    `views` are the alignments that a site may lie inside of.
    """
    clashing: set[int] = set()
    for later, placement in enumerate(placements):
        for other in placements[:later]:
            if _report_clash(other, placement, views, report):
                clashing.add(later)
                break
    frames: dict[object, list[Placement]] = {}
    for index, placement in enumerate(placements):
        if index not in clashing:
            frames.setdefault(_frame_of(placement), []).append(placement)
    for frame in frames.values():
        _check_room(frame, views, report)


# --- frames ----------------------------------------------------------------------------------------------------------


def _frame_of(placement: Placement) -> object:
    """What placements that share one frame have in common."""
    where = placement.place if isinstance(placement.place, Site) else placement.line
    return where, placement.memberwise, placement.family


def _check_room(frame: list[Placement], views: Mapping[str, AlignmentView | None], report: Reporter) -> None:
    """Whether the blocks of one frame fit into every place that it may have."""
    last = frame[-1]
    place = last.place
    rooms: list[tuple[str, int]] = []
    if isinstance(place, Site):
        room = room_of(place, views, memberwise=bool(last.members))
        rooms = [] if room is None else [(place.text, room)]
    else:
        for part in place.parts:
            if part.dims is not None:
                rooms += [(place.text, 1)] if part.dims == "each" else [(place.text, len(e)) for e in part.dims]
    if not rooms:
        return
    name, room = min(rooms, key=lambda found: found[1])
    sizes = [max((size for size in p.sizes if isinstance(size, int)), default=0) for p in frame]
    if sum(sizes) > room:
        taken = " + ".join(map(str, sizes)) + (f" = {sum(sizes)}" if len(sizes) > 1 else "")
        found = "one of its alternatives" if len(rooms) > 1 else "it"
        report.error(
            "CS304",
            f"the blocks at `{name}` need {taken} dims, {found} has {room}",
            last.size_span,
            help="make the blocks smaller or the site larger",
        )


def _report_clash(
    first: Placement, second: Placement, views: Mapping[str, AlignmentView | None], report: Reporter
) -> bool:
    """Whether two variables claim the same dims, whichever alternatives are chosen."""
    if _frame_of(first) == _frame_of(second) and (first.sizes, first.family.name) != ((None,), "identity"):
        return _report_sizes(first, second, report)
    for later, earlier in ((first, second), (second, first)):
        if replaces(later.place, earlier.place, views):
            report.error(
                "CS334",
                f"`{later.variable}` at `{later.place.text}` replaces all that is read of `{earlier.variable}` at "
                f"`{earlier.place.text}`",
                second.place.span,
                related=[Label(first.place.span, f"`{first.variable}` is here")],
                help="setting the one makes setting the other void: give them other layers or positions",
            )
            return True
    one_site = isinstance(first.place, Region) and isinstance(second.place, Region) and first.line == second.line
    if not one_site and not overlap(first.place, second.place, views):
        return False
    a, b = first.place, second.place
    report.error(
        "CS302",
        f"`{first.variable}` and `{second.variable}` overlap at {_shared(a, b)}",
        b.span if b.span != a.span else second.span,
        f"`{second.variable}` is here",
        related=[Label(a.span if b.span != a.span else first.span, f"`{first.variable}` is here")],
        help="give them disjoint dims, or let them share one `rotation` with a `size` each",
    )
    return True


def _report_sizes(first: Placement, second: Placement, report: Reporter) -> bool:
    """Whether two variables of one frame have sizes that cannot stand beside each other."""
    if None in (*first.sizes, *second.sizes):
        whole = first if None in first.sizes else second
        report.error(
            "CS303",
            f"`{whole.variable}` takes all of `{whole.place.text}`, and `{first.variable}` and "
            f"`{second.variable}` share it",
            second.span,
            "no dims are left for this one" if whole is first else "this one has no `size`",
            related=[Label(first.span, "this one has no `size`" if whole is first else "it shares the site with")],
            help=f"give each of them a size: `via {first.family.text} size 4`",
        )
        return True
    if ("learned" in first.sizes) != ("learned" in second.sizes):
        report.error(
            "CS303",
            f"`{first.variable}` and `{second.variable}` share `{second.place.text}`, and the size of one of them "
            "is learned",
            second.span,
            f"size {second.size_text}",
            related=[Label(first.span, f"size {first.size_text}")],
            help="state both sizes, or write `size learned` for both",
        )
        return True
    return False


def _shared(a: Site | Region, b: Site | Region) -> str:
    """Where two places that overlap do so, in the user's words."""
    if not isinstance(a, Site) or not isinstance(b, Site) or a.inside or b.inside:
        return f"`{b.text}`"
    if a.joined or b.joined or a.dims == b.dims or a.dims is None or b.dims is None:
        return f"`{(b if a.dims is None else a).text}`"
    common = tuple(sorted(set(a.dims) & set(b.dims)))
    return f"dims {show_dims(common)} of `{replace(a, dims=None).text}`"
