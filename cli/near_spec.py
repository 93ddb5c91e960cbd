"""A path that cannot be read as a spec -> the spec that was probably meant."""

from pathlib import Path


def near_spec(path: str) -> str:
    """A help line for a path that is no file: the spec that was probably meant, "" where none is near."""
    from ..lang.suggest import near_match

    asked = Path(path)
    try:
        is_folder = asked.is_dir()
        folder = asked if is_folder else asked.parent
        specs = sorted(spec.name for spec in folder.glob("?*.cspec"))
    except OSError:
        return ""
    if is_folder:
        return f"name a file in it: `{folder / specs[0]}`" if specs else ""
    near = near_match(asked.stem, [spec.removesuffix(".cspec") for spec in specs])
    return f"did you mean `{folder / near}.cspec`?" if near else ""
