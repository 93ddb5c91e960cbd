"""`cspec graph`: the causal models with each variable's site, map and verdict, as a picture, as DOT and as JSON."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..compiler.checks.runnable.check_runnable import check_runnable
from ..compiler.pipeline import Checked
from ..lang.circuits import Graph
from .output import Output, add_common
from .workflow import check, open_store, spec_docs

if TYPE_CHECKING:
    from ..runtime.deciding.verdicts import Result


def add_arguments(commands: "argparse._SubParsersAction[Any]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "graph",
        help="draw a spec: write its dependency graph as SVG, DOT and JSON",
        description="Draw the causal models: NAME.svg, NAME.dot and NAME.graph.json (networkx node-link). Each has the"
        " variables' sites and maps and, from the newest result that matches the spec, verdicts and searches.",
    )
    add_common(parser)
    parser.add_argument("--store", metavar="FOLDER", help="where results are kept (default: .cspec beside the spec)")
    parser.add_argument("--out", metavar="FOLDER", default=".", help="where to write (default: the current folder)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, output: Output) -> int:
    """0 where the files were written."""
    checked = check(options.spec, allow_path=options.allow_path)
    output.show(checked.source, checked.warnings)
    from ..runtime.errors import EnvironmentProblem
    from ..runtime.results.dependency_graph import build_graph, node_link, render_dot
    from .page import open_page
    from .picture import render_picture
    from .recompile import find_current
    from .render_graph import render_measured_graph

    name = Path(options.spec).stem
    runs = not check_runnable(checked.program, checked.networks)  # what cannot be run has no result
    result = find_current(checked, open_store(checked.source.path, options.store)) if runs else None
    docs = spec_docs(checked.program)
    graph = build_graph(checked.models.values(), _placed(checked), _uses(checked), result, docs)
    folder = Path(options.out)
    files = {
        f"{name}.svg": render_picture(graph, name, checked.program.doc),
        f"{name}.dot": render_dot(graph, name),
        f"{name}.graph.json": json.dumps(node_link(graph), indent=2) + "\n",
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8")
    except OSError as problem:
        message = f"`{options.out}` cannot be written: {problem.strerror}"
        raise EnvironmentProblem("CS522", message, "name another folder with `--out`") from None
    verdicts = "no result matches the spec: no verdicts drawn" if result is None else f"with {_made_by(result)}"
    measured = () if result is None else result.graphs
    for one in checked.program.graphs.values():
        if one.name not in {found.name for found in measured}:
            nodes = "".join(f"  {node.name}: {node.circuit.text} -> {node.target.text}\n" for node in one.nodes)
            output.write(f"graph {_title(one)}\n{nodes}")
    for found in measured:
        output.write(render_measured_graph(found, open_page(sys.stdout)))
    output.write("".join(f"wrote {folder / file}\n" for file in files) + f"{verdicts}\n")
    output.add("declared", _declared(checked))
    output.add("graph", node_link(graph))
    if result is not None:
        output.add("engine", result.environment.engine)
    output.add("files", [str(folder / file) for file in files])
    return 0


def _made_by(result: "Result") -> str:
    """`verdicts of engine hooks, on maps that fused fitted`."""
    ran = result.environment
    fitted = f", on maps that {ran.fitted_by} fitted" if ran.fitted_by not in (None, ran.engine) else ""
    return f"verdicts of engine {ran.engine}{fitted}"


def _declared(checked: Checked) -> dict[str, list[dict[str, str]]]:
    """The nodes of each declared graph, by the graph's name and network."""
    return {
        _title(graph): [{"node": n.name, "circuit": n.circuit.text, "metric": n.target.text} for n in graph.nodes]
        for graph in checked.program.graphs.values()
    }


def _title(graph: Graph) -> str:
    """`parts on lm`, `parts on random(lm)`."""
    return f"{graph.name} on {f'random({graph.network})' if graph.random else graph.network}"


def _placed(checked: Checked) -> dict[str, tuple[Any, ...]]:
    from ..runtime.results.dependency_graph import Placed

    table: dict[str, tuple[Any, ...]] = {}
    for alignment in checked.program.alignments.values():
        for p in alignment.placements:
            place = Placed(alignment.name, alignment.network, p.variable, p.place.text, p.map_text)
            table[alignment.model] = (*table.get(alignment.model, ()), place)
    return table


def _uses(checked: Checked) -> tuple[Any, ...]:
    from ..runtime.results.dependency_graph import ClaimUse

    uses = []
    for claim in checked.program.claims.values():
        estimands = [t.estimand for p in claim.parts for t in (*p.left.terms, *p.right.terms)]
        names = tuple(dict.fromkeys(e.alignment for e in estimands if hasattr(e, "alignment")))
        uses.append(ClaimUse(claim.name, claim.text, names))
    return tuple(uses)
