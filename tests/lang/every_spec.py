"""Every spec of the repository that parses, found once for the tests that take one after the other."""

from pathlib import Path

from cspec.lang import Source, parse_text

ROOT = Path(__file__).resolve().parents[2]


def _parses(path: Path) -> bool:
    try:
        return not parse_text(Source(path, path.read_text(encoding="utf-8")))[1]
    except UnicodeDecodeError:
        return False


def _is_kept(path: Path) -> bool:
    """Whether it is no copy of another one in what was built."""
    return not any(part in ("build", "dist") or part.startswith(".") for part in path.relative_to(ROOT).parts)


SPECS = sorted(filter(_is_kept, ROOT.glob("**/?*.cspec")))
GOOD = [path for path in SPECS if _parses(path)]
