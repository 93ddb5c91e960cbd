"""The walls of the house: what may import what."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import cspec
import pytest

ROOT = Path(cspec.__file__).parent
PARTS = ("lang", "compiler", "runtime", "cli")
ALLOWED = {"lang": set(), "compiler": {"lang"}, "runtime": {"compiler"}, "cli": {"lang", "compiler", "runtime"}}
HEAVY = {"torch", "transformers", "pyvene", "jax"}
RUNTIME_MAY_READ = {  # of the compiler: the plan, its types and budgets, terms, models, the sampler; never its passes
    "budgets",
    "causal_model",
    "encode_prompts",
    "experiments",
    "groundings",
    "interpret_terms",
    "keys",
    "metrics",
    "network_facts",
    "pair_scores",
    "plan",
    "row_layout",
    "sampling",
    "schedule",
    "terms",
    "vector_bases",
}


def imports(path: Path) -> list[tuple[str, str]]:
    """Every import of a file: (`lang.program`, ...) for ours, (``, `torch`) for others."""
    found = []
    package = path.relative_to(ROOT).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [("", alias.name.split(".")[0]) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level == 0:
                found.append(("", (node.module or "").split(".")[0]))
                continue
            target = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
            target = [part for part in target if part]
            names = [[*target, alias.name] for alias in node.names] if len(target) < 2 else [target]
            found += [(".".join(name), "") for name in names]
    return found


def files(part: str) -> list[Path]:
    return sorted((ROOT / part).rglob("*.py"))


@pytest.mark.parametrize("part", PARTS)
def test_folders_import_only_what_lies_before_them(part: str) -> None:
    assert files(part)
    for path in files(part):
        for ours, _ in imports(path):
            if ours:
                assert ours.split(".")[0] in ALLOWED[part] | {part}, f"{path.name} imports {ours}"


@pytest.mark.parametrize("part", ["lang", "compiler"])
def test_the_rooms_of_checks_read_each_other_one_way(part: str) -> None:
    reads: dict[str, set[str]] = {}
    for path in files(f"{part}/checks"):
        folder = ".".join(path.relative_to(ROOT).with_suffix("").parts[:3])
        reads.setdefault(folder, set())
        for ours, _ in imports(path):
            other = ".".join(ours.split(".")[:3])
            if ours.startswith(f"{part}.checks.") and other != folder:
                reads[folder].add(other)
    assert tuple(TopologicalSorter(reads).static_order())  # raises where they read each other in a circle


def test_runtime_reads_the_plan_and_never_a_pass() -> None:
    for path in files("runtime"):
        for ours, _ in imports(path):
            if ours.startswith("compiler."):
                assert ours.split(".")[1] in RUNTIME_MAY_READ, f"{path.name} imports {ours}"


def test_heavy_libraries_are_imported_only_inside_runtime() -> None:
    for part in ("lang", "compiler", "cli"):
        for path in files(part):
            assert not {other for _, other in imports(path)} & HEAVY, path.name


def test_checking_loads_only_numpy(tmp_path: Path) -> None:
    spec = ROOT / "specs" / "handwired_equality" / "handwired_equality.cspec"
    code = (
        "import sys; from cspec.cli.main import main; status = main(['check', sys.argv[1]]);"
        "heavy = {'torch', 'transformers', 'pyvene', 'networkx', 'pydantic', 'rich', 'scipy', 'safetensors', 'jax',"
        "'lark', 'numpy.ma', 'cspec.cli.graph', 'cspec.cli.lsp'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules); sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(spec)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert ": ok, " in done.stdout


def test_every_package_is_packaged() -> None:
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = set(settings["tool"]["setuptools"]["packages"])
    folders = {"cspec"} | {
        ".".join(("cspec", *path.parent.relative_to(ROOT).parts))
        for part in PARTS
        for path in (ROOT / part).rglob("__init__.py")
    }
    assert listed == folders


def test_only_the_public_map_lies_in_the_root() -> None:
    assert {path.name for path in ROOT.glob("*.py")} == {"__init__.py", "__main__.py"}
    assert not (ROOT / "cspec").exists()
