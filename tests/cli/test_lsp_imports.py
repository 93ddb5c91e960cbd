"""`cspec lsp` across imports: real sessions over stdio, in a folder of several specs, open and unopened."""

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.client import LanguageClient

from .tools import run

GOOD = Path(__file__).parents[1] / "golden" / "good"
MAIN, SHARED = "imports.cspec", "shared/equality.cspec"
OTHER = """import "shared/equality.cspec" as eq

model crossed for eq.equality { same = (w != x) == (y != z) }
align placed: eq.both -> mlp { left, right at hidden[1] via rotation size 4 }
claim found: iia(placed.left) >= 0.1
"""


class Workspace:
    """An editor that has opened a folder."""

    def __init__(self, folder: Path, opened_folder: bool = True) -> None:
        self.client = LanguageClient("test", "1")
        self.folder, self.opened_folder = folder, opened_folder
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.published: dict[str, lsp.PublishDiagnosticsParams] = {}

        @self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)  # type: ignore[untyped-decorator]
        def published(params: lsp.PublishDiagnosticsParams) -> None:
            self.published[self.name(params.uri)] = params

    async def start(self) -> None:
        await self.client.start_io(sys.executable, "-m", "cspec", "lsp")
        folders = [lsp.WorkspaceFolder(self.folder.as_uri(), "specs")] if self.opened_folder else None
        await self.client.initialize_async(
            lsp.InitializeParams(lsp.ClientCapabilities(), root_uri=None, workspace_folders=folders)
        )
        self.client.initialized(lsp.InitializedParams())

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def name(self, uri: str) -> str:
        return Path(unquote(urlparse(uri).path)).relative_to(self.folder).as_posix()

    async def open(self, name: str) -> list[lsp.Diagnostic]:
        self.texts[name] = (self.folder / name).read_text(encoding="utf-8")
        self.versions[name] = 0
        item = lsp.TextDocumentItem(self.uri(name), "cspec", 0, self.texts[name])
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        return await self.diagnostics(name)

    def change(self, name: str, text: str) -> None:
        self.published.clear()
        self.texts[name], self.versions[name] = text, self.versions[name] + 1
        document = lsp.VersionedTextDocumentIdentifier(self.versions[name], self.uri(name))
        change = lsp.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [change]))

    async def diagnostics(self, name: str) -> list[lsp.Diagnostic]:
        """The next ones of a text."""
        for _ in range(1000):
            if name in self.published and self.published[name].version == self.versions[name]:
                return list(self.published[name].diagnostics)
            await asyncio.sleep(0.02)
        raise AssertionError("no diagnostics came")

    def text(self, name: str) -> str:
        return self.texts[name] if name in self.texts else (self.folder / name).read_text(encoding="utf-8")

    def place(self, name: str, word: str, inside: int = 1, nth: int = 0) -> lsp.Position:
        at = -1
        for _ in range(nth + 1):
            at = self.text(name).index(word, at + 1)
        before = self.text(name)[: at + inside]
        return lsp.Position(before.count("\n"), len(before.rsplit("\n", 1)[-1]))

    def document(self, name: str) -> lsp.TextDocumentIdentifier:
        return lsp.TextDocumentIdentifier(self.uri(name))

    def shown(self, location: lsp.Location) -> tuple[str, int, str]:
        """The file, line and text of a place."""
        name, span = self.name(location.uri), location.range
        line = self.text(name).split("\n")[span.start.line]
        return name, span.start.line, line[span.start.character : span.end.character]

    async def definition(self, name: str, word: str, inside: int = 1, nth: int = 0) -> tuple[str, int, str]:
        where = lsp.DefinitionParams(self.document(name), self.place(name, word, inside, nth))
        found = await self.client.text_document_definition_async(where)
        assert isinstance(found, lsp.Location)
        return self.shown(found)

    async def hover(self, name: str, word: str, inside: int = 1, nth: int = 0) -> str:
        where = lsp.HoverParams(self.document(name), self.place(name, word, inside, nth))
        found = await self.client.text_document_hover_async(where)
        assert found is not None
        assert isinstance(found.contents, lsp.MarkupContent)
        return found.contents.value

    async def words(self, name: str, before: str) -> set[str]:
        self.change(name, before)
        where = lsp.CompletionParams(self.document(name), self.place(name, before, len(before)))
        found = await self.client.text_document_completion_async(where)
        assert isinstance(found, list)
        return {item.label for item in found}

    async def rename(self, name: str, word: str, new: str, inside: int = 1, nth: int = 0) -> dict[str, str]:
        """The texts of the files that the editor would change."""
        where = lsp.RenameParams(self.document(name), self.place(name, word, inside, nth), new)
        edit = await self.client.text_document_rename_async(where)
        assert edit is not None
        changed = {}
        for uri, edits in (edit.changes or {}).items():
            lines = self.text(self.name(uri)).split("\n")
            for change in sorted(edits, key=lambda c: (c.range.start.line, -c.range.start.character)):
                row, start, end = change.range.start.line, change.range.start.character, change.range.end.character
                lines[row] = lines[row][:start] + change.new_text + lines[row][end:]
            changed[self.name(uri)] = "\n".join(lines)
        return changed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    specs = tmp_path / "specs"
    specs.mkdir()
    shutil.copy(GOOD / "net64.safetensors", specs)
    shutil.copy(GOOD / MAIN, specs)
    shutil.copytree(GOOD / "shared", specs / "shared")
    (specs / "other.cspec").write_text(OTHER, encoding="utf-8")
    return specs


def in_session(folder: Path, body: Callable[[Workspace], Awaitable[None]], opened_folder: bool = True) -> None:
    async def whole() -> None:
        workspace = Workspace(folder, opened_folder)
        try:
            await workspace.start()
            await asyncio.wait_for(body(workspace), 40)
            await workspace.client.shutdown_async(None)
            workspace.client.exit(None)
        finally:
            server = workspace.client._server
            if server is not None and server.returncode is None:
                server.kill()
            await workspace.client.stop()  # type: ignore[no-untyped-call]

    asyncio.run(whole())


def test_names_of_another_file_lead_there(folder: Path) -> None:
    shared = (folder / SHARED).read_text()
    (folder / SHARED).write_text(shared.replace("model both", '"""Two pairs."""\nmodel both'))

    async def body(w: Workspace) -> None:
        assert await w.open(MAIN) == []
        lines = w.text(SHARED).split("\n")
        at = {word: next(n for n, line in enumerate(lines) if word in line) for word in ("task", "model", "left:")}
        assert await w.definition(MAIN, "equality {") == (SHARED, at["task"], "equality")
        assert await w.definition(MAIN, "shared.both", inside=8) == (SHARED, at["model"], "both")
        assert await w.definition(MAIN, "left, right") == (SHARED, at["left:"], "left")
        assert (await w.definition(MAIN, "align ours: both", inside=13))[0] == MAIN
        assert await w.definition(MAIN, '"shared/') == (SHARED, 0, "")
        assert await w.definition(MAIN, "shared.mlp") == (SHARED, 0, "")
        both = await w.hover(MAIN, "shared.both", inside=8)
        assert both.startswith("model `shared.both`, from `equality.cspec`")
        assert "left:  bool = w == x" in both
        assert both.endswith("Two pairs.")
        assert "values: `bool`" in await w.hover(MAIN, "left, right")
        assert await w.hover(MAIN, "shared.mlp") == "file `equality.cspec`\n\nWhat several specs share."
        context = lsp.ReferenceContext(include_declaration=True)
        where = lsp.ReferenceParams(context, w.document(MAIN), w.place(MAIN, "left, right"))
        found = [w.shown(place) for place in await w.client.text_document_references_async(where) or ()]
        assert [(name, word) for name, _, word in found] == [
            *[(MAIN, "left")],
            *[("other.cspec", "left")] * 2,
            *[(SHARED, "left")] * 2,
        ]
        # an open file counts as it was typed, saved or not
        await w.open(SHARED)
        w.change(SHARED, "\n\n" + w.texts[SHARED])
        assert await w.definition(MAIN, "equality {") == (SHARED, at["task"] + 2, "equality")

    in_session(folder, body)


def test_completion_knows_what_is_imported(folder: Path) -> None:
    async def body(w: Workspace) -> None:
        await w.open(MAIN)
        text = w.texts[MAIN] + "\n"
        assert await w.words(MAIN, text + "model m for ") == {"equality"}
        assert await w.words(MAIN, text + "model m for shared.") == {"equality"}
        assert await w.words(MAIN, text + "align a: ") == {"both", "shared.both"}
        assert await w.words(MAIN, text + "align a: shared.") == {"both"}
        assert await w.words(MAIN, text + "align a: shared.both -> ") == {"mlp"}
        assert {"left", "right"} <= await w.words(MAIN, text + "align a: shared.both -> mlp {\n  ")
        assert await w.words(MAIN, text + "claim c: iia(theirs.") == {"left", "right", "same"}
        assert await w.words(MAIN, text + "claim c: iia(ours.") == {"cross", "other", "same"}

    in_session(folder, body)


def test_a_new_name_goes_into_every_file(folder: Path) -> None:
    crlf = OTHER.replace("model crossed", "model windows").replace("\n", "\r\n")
    (folder / "crlf.cspec").write_bytes(crlf.encode())

    async def body(w: Workspace) -> None:
        await w.open(MAIN)
        before = {name: w.text(name) for name in (MAIN, SHARED, "other.cspec")}
        changed = await w.rename(MAIN, "shared.both", "twice", inside=8)
        assert set(changed) == {*before, "crlf.cspec"}
        assert changed[MAIN] == before[MAIN].replace("shared.both", "shared.twice")
        assert changed[SHARED] == before[SHARED].replace("model both", "model twice")
        assert changed["other.cspec"] == OTHER.replace("eq.both", "eq.twice")
        # the same from the file that declares it, and of its own `both` in the other one alone
        await w.open(SHARED)
        assert await w.rename(SHARED, "model both", "twice", inside=7) == changed
        assert await w.rename(MAIN, "model both", "twice", inside=7) == {
            MAIN: before[MAIN].replace("model both", "model twice").replace("ours: both", "ours: twice")
        }
        # inputs and variables, where no word before a dot says so
        inputs = await w.rename(SHARED, "w, x", "first")
        assert inputs[MAIN] == before[MAIN].replace("w == x", "first == x")
        assert inputs["other.cspec"] == OTHER.replace("w != x", "first != x")
        for name in changed:
            (folder / name).write_text(changed[name], encoding="utf-8")
        for name in (MAIN, "other.cspec", "crlf.cspec"):
            done = run("check", folder / name)
            assert done.status == 0, done.out + done.err

    in_session(folder, body)


def test_what_would_not_be_safe_is_refused(folder: Path) -> None:
    async def body(w: Workspace) -> None:
        await w.open(MAIN)

        async def refused(word: str, new: str, why: str, inside: int = 1) -> None:
            with pytest.raises(JsonRpcException, match=why):
                await w.rename(MAIN, word, new, inside)

        # the task has another input of this name
        await refused("w == x", "y", "another thing than before")
        await refused("equality {", "mlp ", "is no name")
        other = OTHER + "model lost for equality { same = w == \n"
        (folder / "other.cspec").write_text(other, encoding="utf-8")
        await refused("equality {", "parity", "`other.cspec` has errors of syntax")
        (folder / "other.cspec").write_text('import "../equality.cspec"\nmodel m for equality { same = true }')
        await refused("equality {", "parity", "`other.cspec` imports a `equality.cspec` that cannot be read")
        (folder / "other.cspec").unlink()
        assert set(await w.rename(MAIN, "equality {", "parity")) == {MAIN, SHARED}

    in_session(folder, body)


def test_a_clash_in_an_importing_file_is_refused(folder: Path) -> None:
    (folder / "third.cspec").write_text(
        'import "shared/equality.cspec"\nimport "fourth.cspec"\nalign a: single -> mlp { both at hidden[1] }\n'
    )
    (folder / "fourth.cspec").write_text(
        'import "shared/equality.cspec"\nmodel single for equality { both = w == x\n same = both == (y == z) }\n'
    )

    async def body(w: Workspace) -> None:
        await w.open(SHARED)
        with pytest.raises(JsonRpcException, match=r"another thing than before in `third.cspec`"):
            await w.rename(SHARED, "model both", "single", inside=7)

    in_session(folder, body)


def test_outside_the_workspace_and_without_one(folder: Path) -> None:
    async def inside(w: Workspace) -> None:
        await w.open(MAIN)
        assert set(await w.rename(MAIN, "equality {", "parity")) == {MAIN, SHARED, "other.cspec"}

    in_session(folder, inside, opened_folder=False)
    (folder.parent / "elsewhere").mkdir()

    async def outside(w: Workspace) -> None:
        await w.open(MAIN)
        with pytest.raises(JsonRpcException, match="outside the workspace"):
            await w.rename(MAIN, "equality {", "parity")

    async def elsewhere() -> None:
        w = Workspace(folder)
        await w.client.start_io(sys.executable, "-m", "cspec", "lsp")
        other = [lsp.WorkspaceFolder((folder.parent / "elsewhere").as_uri(), "elsewhere")]
        await w.client.initialize_async(lsp.InitializeParams(lsp.ClientCapabilities(), workspace_folders=other))
        w.client.initialized(lsp.InitializedParams())
        try:
            await asyncio.wait_for(outside(w), 30)
        finally:
            if w.client._server is not None:
                w.client._server.kill()
            await w.client.stop()  # type: ignore[no-untyped-call]

    asyncio.run(elsewhere())


def test_faults_of_an_imported_file_stand_at_the_import(folder: Path) -> None:
    async def body(w: Workspace) -> None:
        assert await w.open(MAIN) == []
        shared = (folder / SHARED).read_text()
        await w.open(SHARED)
        w.change(SHARED, shared.replace("w == x", "w == xx"))
        (fault,) = await w.diagnostics(MAIN)
        assert fault.code == "CS101"
        assert fault.message.startswith("in `equality.cspec`: ")
        assert w.shown(lsp.Location(w.uri(MAIN), fault.range))[2] == '"shared/equality.cspec"'
        (place, *_) = fault.related_information or ()
        assert w.shown(place.location)[::2] == (SHARED, "xx")
        w.change(SHARED, shared)
        assert await w.diagnostics(MAIN) == []

    in_session(folder, body)
