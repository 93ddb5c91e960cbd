"""The dependency graph of a spec's causal models, with sites, maps and verdicts, as networkx, DOT and JSON."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import networkx as nx

from ...compiler.causal_model import CausalModel
from ..deciding.verdicts import Docs, Result, Verdict

OUTCOME_COLORS = {"holds": "#1a7f37", "refuted": "#cf222e", "unsupported": "#9a6700", "inconclusive": "#9a6700"}


@dataclass(frozen=True)
class Placed:
    """Where one alignment says that a variable lives."""

    alignment: str
    network: str
    variable: str
    site: str
    map: str


@dataclass(frozen=True)
class ClaimUse:
    """A claim, and the alignments whose estimands it reads."""

    claim: str
    text: str
    alignments: tuple[str, ...]


def build_graph(
    models: Iterable[CausalModel],
    placed: Mapping[str, tuple[Placed, ...]],
    claims: tuple[ClaimUse, ...],
    result: Result | None,
    docs: Docs,
) -> "nx.DiGraph[str]":
    """A node for every variable of every model (`MODEL.variable`), an edge for every direct dependence.

    A family is the tuple of its `members`, which its node names: it depends on them, and they on what they read.
    `placed` gives the placements of each model's alignments. Nodes carry `model`, `variable`, `kind` (input, variable,
    output), `domain` and `places`: each with alignment, network, site, map, and the verdicts of the claims that read
    that alignment (none where `result` is None). The graph's own attributes list the claims, with the inequalities of
    those that were decided, the searches of fitted maps, each map once, measured graphs, and doc strings, if any: the
    spec's, `doc`, and `docs`, each with the kind and name of its declaration.
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    verdicts = {} if result is None else {verdict.name: verdict for verdict in result.verdicts}
    graph.graph["claims"] = [
        {"claim": use.claim, "text": use.text, **_verdict(verdicts.get(use.claim)), **_parts(verdicts.get(use.claim))}
        for use in claims
    ]
    graph.graph["searches"] = list(_searches(verdicts.values()))
    if result is not None and result.graphs:
        graph.graph["measured"] = [asdict(one) for one in result.graphs]
    if docs.spec:
        graph.graph["doc"] = docs.spec
    if docs.declarations:
        graph.graph["docs"] = [asdict(row) for row in docs.declarations]
    for model in models:
        places = placed.get(model.name, ())
        for name, domain in model.domains.items():
            kind = "input" if name in model.input_names else "output" if name == model.output else "variable"
            here = [_place(place, claims, verdicts) for place in places if place.variable == name]
            graph.add_node(
                f"{model.name}.{name}",
                model=model.name,
                variable=name,
                kind=kind,
                domain=domain.name,
                places=here,
            )
        for name, members in model.families:
            graph.nodes[f"{model.name}.{name}"]["members"] = list(members)
        for child, parents in model.own_parents.items():
            for parent in parents:
                graph.add_edge(f"{model.name}.{parent}", f"{model.name}.{child}")
    return graph


def node_link(graph: "nx.DiGraph[str]") -> dict[str, Any]:
    """The graph in networkx's node-link form, as plain JSON values."""
    data: dict[str, Any] = nx.node_link_data(graph, edges="edges")
    return data


def render_dot(graph: "nx.DiGraph[str]", title: str) -> str:
    """The graph in DOT, one cluster a model: boxes are inputs, ellipses variables, double ellipses outputs.

    Each measured graph is a cluster of its nodes, with the edges that stand out and their mean changes, dashed where
    other nodes carry the effect. Doc strings of the spec and its models are tooltips, which a picture in SVG shows
    under the pointer.
    """
    lines = [f"digraph {_quote(title)} {{", "  rankdir=LR;", '  node [fontname="sans-serif", fontsize=11];']
    if "doc" in graph.graph:
        lines.append(f"  tooltip={_quote(graph.graph['doc'])};")
    docs = {row["name"]: row["text"] for row in graph.graph.get("docs", ()) if row["kind"] == "model"}
    models = dict.fromkeys(data["model"] for _, data in graph.nodes(data=True))
    for index, model in enumerate(models):
        lines += [f"  subgraph cluster_{index} {{", f"    label={_quote(model)};", '    fontname="sans-serif";']
        if model in docs:
            lines.append(f"    tooltip={_quote(docs[model])};")
        for node, data in graph.nodes(data=True):
            if data["model"] == model:
                lines.append(f"    {_quote(node)} [{_attributes(data)}];")
        lines.append("  }")
    lines += [f"  {_quote(parent)} -> {_quote(child)};" for parent, child in graph.edges]
    for number, measured in enumerate(graph.graph.get("measured", ()), len(models)):
        lines += _render_measured(measured, number)
    return "\n".join([*lines, "}"]) + "\n"


def _render_measured(graph: Mapping[str, Any], number: int) -> Iterator[str]:
    """The cluster of a measured graph."""
    yield f"  subgraph cluster_{number} {{"
    head = f"graph {graph['name']} on {graph['network']}"
    yield f"    label={_quote(head)};"
    yield '    fontname="sans-serif";'
    names = {node["name"]: _quote(f"graph {graph['name']}.{node['name']}") for node in graph["nodes"]}
    for node in graph["nodes"]:
        label = f"{node['name']}: {node['circuit']}\n{node['metric']}"
        yield f"    {names[node['name']]} [label={_quote(label)}, shape=box];"
    yield "  }"
    for edge in drawn_edges(graph):
        style = "" if edge["stands_out"] == "direct" else ", style=dashed"
        change = f"{outstanding_change(edge, edge['own'])['estimate']:.3f}"
        yield f"  {names[edge['source']]} -> {names[edge['target']]} [label={_quote(change)}{style}];"


def drawn_edges(graph: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The edges that stand out; where nodes read variables, no indirect one that direct ones lead along anyway."""
    reads_variables = any(node["reads_right"] is not None for node in graph["nodes"])
    found = (edge for edge in graph["edges"] if edge["stands_out"] in ("direct", "indirect"))
    return [edge for edge in found if not (reads_variables and edge["along"])]


def outstanding_change(edge: Mapping[str, Any], paths: Mapping[str, Any]) -> Mapping[str, Any]:
    """The direct change of a direct edge, which without other nodes is all of it; else the total one.

    `paths` are the edge's own, or those of random circuits in its place.
    """
    direct = edge["stands_out"] == "direct" and paths["direct"] is not None
    change: Mapping[str, Any] = paths["direct" if direct else "total"]["change"]
    return change


def _place(place: Placed, claims: tuple[ClaimUse, ...], verdicts: Mapping[str, Verdict]) -> dict[str, Any]:
    used = [{"claim": u.claim, **_verdict(verdicts.get(u.claim))} for u in claims if place.alignment in u.alignments]
    return {
        "alignment": place.alignment,
        "network": place.network,
        "site": place.site,
        "map": place.map,
        "claims": used,
    }


def _verdict(verdict: Verdict | None) -> dict[str, Any]:
    """Nothing at all where there is no verdict: an absent verdict is not an outcome."""
    if verdict is None:
        return {}
    return {"outcome": verdict.outcome, "reason": verdict.reason, "grade": verdict.grade, "estimate": verdict.estimate}


def _parts(verdict: Verdict | None) -> dict[str, Any]:
    """The inequalities of a claim that was decided."""
    names = ("text", "relation", "estimate", "low", "high", "bound")
    return {} if verdict is None else {"parts": [{name: getattr(p, name) for name in names} for p in verdict.parts]}


def _searches(verdicts: Iterable[Verdict]) -> Iterator[dict[str, Any]]:
    """Every searched line of every fitted map: the first estimand that has it, its variables and its alternatives."""
    maps: set[str | None] = set()
    for quantity in (quantity for verdict in verdicts for quantity in verdict.quantities):
        if quantity.map in maps:
            continue
        for variables in dict.fromkeys(row.variables for row in quantity.search):
            maps.add(quantity.map)
            rows = [row for row in quantity.search if row.variables == variables]
            yield {
                "estimand": quantity.text,
                "variables": list(variables),
                "rows": [{"place": r.place, "select": r.select, "steps": r.steps, "chosen": r.chosen} for r in rows],
            }


def _attributes(data: Mapping[str, Any]) -> str:
    shape = {"input": "box", "variable": "ellipse", "output": "ellipse"}[data["kind"]]
    lines = [f"{data['variable']}: {data['domain']}"]
    outcomes = []
    for place in data["places"]:
        lines.append(f"{place['alignment']}: {place['site']} {place['map']}")
        for claim in place["claims"]:
            if "outcome" in claim:
                outcomes.append(claim["outcome"])
                lines.append(f"{claim['claim']}: {claim['outcome']} ({claim['estimate']:.3f})")
    extra = ", peripheries=2" if data["kind"] == "output" else ""
    worst = next((o for o in ("refuted", "unsupported", "inconclusive", "holds") if o in outcomes), None)
    color = f', color="{OUTCOME_COLORS[worst]}", penwidth=2' if worst else ""
    return f"label={_quote(chr(10).join(lines))}, shape={shape}{extra}{color}"


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
