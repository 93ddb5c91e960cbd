"""The documentation against the product: every example is checked, and what is quoted or listed is what there is."""

import dataclasses
import doctest
import io
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import cspec
import pytest
from cspec.lang.checks.claims.expectations import REASONS
from cspec.lang.program import FitSettings, Pairs, Settings
from cspec.runtime.deciding.verdicts import (
    CellRow,
    ControlRow,
    Environment,
    PartRow,
    QuantityKeys,
    QuantityRow,
    Verdict,
)
from cspec.runtime.diagnosis.diagnosis import Change, Counterexample, Diagnosis, Furthest, Region, Regions
from cspec.runtime.fitting.fit_reports import FoundSize, SearchRow, SeedReport, TracePoint
from cspec.runtime.graphs.measured_graph import EffectRow, GraphEdge, MeasuredGraph, NodeRow, NumberRow, PathsRow
from cspec.runtime.results.result_document import ResultDocument
from cspec.tests.command_line import run, shell, type_line

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
NETWORK = ROOT / "tests" / "golden" / "good" / "net64.safetensors"
BLOCK = re.compile(
    r"(?:<!-- (?P<kind>\w+): (?P<value>[^>]+) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S
)
CODE = re.compile(r"^error\[(CS\d{3})\]", re.M)


@dataclass(frozen=True)
class Example:
    """A fenced block with the marker before it.

    `<!-- expect: CS101 -->`, `file: NAME`, `output: SPEC`, `session: FOLDER` or `verdict: SPEC CLAIM`.
    """

    line: int
    language: str
    text: str
    kind: str | None
    value: str | None


def read(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def examples(page: str) -> list[Example]:
    """Every fenced block of a page."""
    text = read(page)
    return [
        Example(text.count("\n", 0, m.start("text")), m["language"], m["text"], m["kind"], m["value"])
        for m in BLOCK.finditer(text)
    ]


def section(page: str, title: str) -> str:
    """The text below a heading, up to the next one."""
    found = re.search(rf"^## {title}$\n(.*?)(?=^## |\Z)", read(page), re.M | re.S)
    assert found is not None, title
    return found[1]


def rows(text: str) -> dict[str, str]:
    """The tables of a text: first cell to second."""
    return {m[1].strip(): m[2].strip() for m in re.finditer(r"^\|([^|]*)\|([^|]*)\|", text, re.M)}


FILES = [example for example in examples("language.md") if example.kind == "file"]
SPECS = [example for example in examples("language.md") if example.language == "cspec" and example not in FILES]


@pytest.mark.parametrize("example", SPECS, ids=lambda example: f"line_{example.line}")
def test_every_example_checks_or_has_the_error_that_it_shows(example: Example, tmp_path: Path) -> None:
    """A block with a task is a whole file; any other is added to the page's first block."""
    whole = re.search(r"^task ", example.text, re.M) is not None
    spec = tmp_path / "equality.cspec"
    spec.write_text(example.text if whole else SPECS[0].text + "\n" + example.text, encoding="utf-8")
    shutil.copy(NETWORK, tmp_path / "mlp.safetensors")
    shutil.copytree(NETWORK.parent / "lm", tmp_path / "lm")
    for file in FILES:
        assert file.value is not None
        (tmp_path / file.value).write_text(file.text, encoding="utf-8")
    done = run("check", spec)
    if example.kind is None:
        assert (done.status, CODE.findall(done.err)) == (0, []), done.err
    else:
        assert example.kind == "expect"
        assert done.status == 2
        assert CODE.findall(done.err) == [example.value]


def test_quoted_output_is_what_verify_prints(tmp_path: Path) -> None:
    quoted = [example for example in examples("verdicts.md") if example.kind == "output"]
    assert len(quoted) == 1
    for index, example in enumerate(quoted):
        assert example.value is not None
        done = run("verify", ROOT / example.value, "--store", tmp_path / str(index))
        assert done.out == example.text
        assert done.status == 0


def test_stated_defaults_are_the_defaults() -> None:
    fit, pairs, settings = FitSettings(), Pairs("", ""), Settings()
    stated = rows(section("language.md", "Alignments"))
    for field in dataclasses.fields(fit):
        assert stated[f"`{field.name}`"] == str(getattr(fit, field.name))
    stated = rows(section("language.md", "Pairs"))
    assert stated["`size N`"] == str(pairs.size)
    assert tuple(map(float, stated["`split F S T`"].split())) == pairs.split
    stated = rows(section("language.md", "Settings"))
    assert (stated["`confidence`"], stated["`seed`"]) == (str(settings.confidence), str(settings.seed))
    for field in dataclasses.fields(settings.controls):
        value = getattr(settings.controls, field.name)
        assert stated[f"`controls {{ {field.name} }}`"] == ("none" if value is None else str(value))


def test_json_fields_are_those_of_the_documents() -> None:
    objects = {
        "result": ResultDocument,
        "verdict": Verdict,
        "part": PartRow,
        "quantity": QuantityRow,
        "keys": QuantityKeys,
        "cell": CellRow,
        "seed": SeedReport,
        "trace": TracePoint,
        "size": FoundSize,
        "search": SearchRow,
        "control": ControlRow,
        "diagnosis": Diagnosis,
        "counterexample": Counterexample,
        "change": Change,
        "regions": Regions,
        "region": Region,
        "furthest": Furthest,
        "graph": MeasuredGraph,
        "node": NodeRow,
        "edge": GraphEdge,
        "paths": PathsRow,
        "effect": EffectRow,
        "number": NumberRow,
        "environment": Environment,
    }
    stated = rows(section("verdicts.md", "JSON"))
    for name, kind in objects.items():
        assert re.findall(r"`(\w+)`", stated[name]) == [field.name for field in dataclasses.fields(kind)]


def test_reasons_of_vetoes_can_be_expected() -> None:
    reasons = [name.strip("`").split(":")[0] for name in rows(section("verdicts.md", "Vetoes")) if "`" in name]
    assert len(reasons) >= 5
    assert set(reasons) <= set(REASONS)


PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md")), *sorted(ROOT.glob("specs/**/*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#]*)(?:#([^)]+))?\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        path = page.parent / target if target else page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), f"{target}#{anchor}"


def anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_python_examples_give_what_they_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the page, one after the other, and those of public docstrings, in a copy of the folder."""
    shown = [example for example in examples("tools.md") if example.language == "python"]
    assert len(shown) == 2
    assert shown[0].value is not None
    shutil.copytree(ROOT / shown[0].value, tmp_path / "work", ignore=shutil.ignore_patterns(".cspec", "*.lock"))
    monkeypatch.chdir(tmp_path / "work")
    texts = ["\n".join(example.text for example in shown), cspec.__doc__]
    texts += [getattr(cspec, name).__doc__ for name in ("check", "compile", "verify")]
    for text in texts:
        assert text is not None
        script = doctest.DocTestParser().get_doctest(text, {"cspec": cspec}, "example", None, 0)
        assert script.examples
        report = io.StringIO()
        assert doctest.DocTestRunner(verbose=False).run(script, out=report.write).failed == 0, report.getvalue()


def test_the_network_that_is_written_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's example is a checkpoint whose weights fit its configuration, and that can be run."""
    (example,) = (example for example in examples("networks.md") if example.language == "python")
    monkeypatch.chdir(tmp_path)
    exec(example.text, {})
    Path("same.cspec").write_text(
        "task same {\n input a, b: 0..3\n output c: bool\n tokens [a, b]\n answer c: { false: 0, true: 1 }\n}\n"
        'model one for same { c = a == b }\nnetwork net = torch("net.safetensors")\n'
        "claim right: accuracy(net) >= 0.01 exhaustively\n"
    )
    assert cspec.verify("same.cspec")["right"].parts[0].n == 16


@pytest.mark.parametrize("page", ["locking.md", "tools.md", "verdicts.md"])
def test_a_quoted_session_is_what_a_shell_shows(tmp_path: Path, page: str) -> None:
    """Commands and what they print, in a copy of the folder that is named; digits of hashes may be others."""
    quoted = [example for example in examples(page) if example.kind == "session"]
    assert len(quoted) == 1
    for index, example in enumerate(quoted):
        assert example.value is not None
        folder = tmp_path / str(index)
        shutil.copytree(ROOT / example.value, folder, ignore=shutil.ignore_patterns(".cspec", "*.lock"))
        shown = shell if page == "tools.md" else type_line
        found = "".join(f"$ {line}\n{shown(line, folder)}" for line in re.findall(r"^\$ (.*)$", example.text, re.M))
        assert HASH.sub("#", found) == HASH.sub("#", example.text)


HASH = re.compile(r"\b[0-9a-f]{12,16}\b")
