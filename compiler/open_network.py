"""A network as declared -> its file or folder, and what can be known of it without its weights."""

from pathlib import Path

from ..lang.diagnostics import Diagnostic, Label
from ..lang.program import Network
from .experiments import NetworkFile
from .network_facts import BadCheckpointError, read_network_facts, read_transformer_facts
from .network_facts.locate import find_snapshot, is_folder


def open_network(network: Network, folder: Path, allow_path: bool) -> NetworkFile | Diagnostic:
    """Find a network from the spec's `folder` and read its facts; a diagnostic where it cannot be used."""
    hub = network.loader == "transformers" and not is_folder(network.path, folder)
    resolved = (folder / network.path).resolve()
    if not hub and (problem := above_the_spec(network.path, folder, allow_path, Label(network.path_span))):
        return problem
    try:
        if hub:
            resolved = find_snapshot(network.path, network.revision)
        read = read_transformer_facts if network.loader == "transformers" else read_network_facts
        dtype, device = network.dtype or NetworkFile.dtype, network.device or NetworkFile.device
        return NetworkFile(network.name, resolved, read(resolved), dtype, device)
    except BadCheckpointError as problem:
        message = f"the checkpoint `{network.path}` cannot be used: {problem.reason}"
        return Diagnostic(problem.code, message, Label(network.path_span), help=problem.remedy)


def above_the_spec(path: str, folder: Path, allow_path: bool, label: Label) -> Diagnostic | None:
    """The diagnostic of a path that leaves the spec's folder, unless such paths are allowed."""
    if allow_path or (folder / path).resolve().is_relative_to(folder.resolve()):
        return None
    return Diagnostic(
        "CS501",
        f"expected a path below the spec's folder, found `{path}`",
        label,
        help="move the file below the spec, or allow other paths with `--allow-path`",
    )
