"""What autoencoders hold, for keys: their files' hashes, since a frame names them by their path alone."""

import functools
from collections.abc import Iterable
from pathlib import Path

from ..groundings import Frame, Place, Search
from ..keys import file_hash


def autoencoder_parts(places: Iterable[Frame | Place] | Search) -> dict[str, list[str]]:
    """A part of a content key: `autoencoders`, the hash of each place's file; without any, no part. Raises OSError."""
    each = [place for line in places.lines for way in line for place in way] if isinstance(places, Search) else places
    paths = [_path(place) for place in each]
    hashes = [_hash(path, path.stat().st_mtime_ns) for path in paths if path is not None]
    return {"autoencoders": hashes} if hashes else {}


def _path(place: Frame | Place) -> Path | None:
    while isinstance(place, Frame) and place.inside is not None:
        place = place.inside.frame
    return None if place.autoencoder is None else place.autoencoder.path


@functools.lru_cache(maxsize=64)
def _hash(path: Path, changed: int) -> str:
    """The hash of a file as it was last changed; a plan asks for the same one again and again."""
    return file_hash(path)
