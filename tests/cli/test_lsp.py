"""`cspec lsp`: real sessions over stdio, with pygls' own client."""

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from cspec.cli.lsp import build_check
from cspec.compiler.sampling import draw_items, populations
from cspec.compiler.sampling.draw_items import Population
from cspec.compiler.sampling.items import Recipe
from cspec.lang import Source
from cspec.lang.parsing.text_to_syntax import parse_text
from cspec.lang.server.analysis import analyse
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.client import LanguageClient

from .tools import run

GOLDEN = Path(__file__).parents[1] / "golden"
GOOD = GOLDEN / "good" / "equality.cspec"


class Session:
    """An editor with one open file."""

    def __init__(self, folder: Path) -> None:
        self.client = LanguageClient("test", "1")
        self.uri = (folder / "a.cspec").as_uri()
        self.text, self.version = "", 0
        self.published: list[lsp.PublishDiagnosticsParams] = []

        @self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)  # type: ignore[untyped-decorator]
        def published(params: lsp.PublishDiagnosticsParams) -> None:
            self.published.append(params)

    async def open(self, text: str) -> list[lsp.Diagnostic]:
        await self.client.start_io(sys.executable, "-m", "cspec", "lsp")
        await self.client.initialize_async(lsp.InitializeParams(lsp.ClientCapabilities(), root_uri=None))
        self.client.initialized(lsp.InitializedParams())
        self.text = text
        item = lsp.TextDocumentItem(self.uri, "cspec", 0, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        return await self.diagnostics()

    def change(self, text: str) -> None:
        self.text, self.version = text, self.version + 1
        name = lsp.VersionedTextDocumentIdentifier(self.version, self.uri)
        change = lsp.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(name, [change]))

    async def diagnostics(self) -> list[lsp.Diagnostic]:
        """Those of the text as it is now."""
        for _ in range(1000):
            if self.published and self.published[-1].version == self.version:
                return list(self.published[-1].diagnostics)
            await asyncio.sleep(0.02)
        raise AssertionError("no diagnostics came")

    def place(self, word: str, nth: int = 0, inside: int = 1) -> lsp.Position:
        """A position in the nth occurrence of some text."""
        at = -1
        for _ in range(nth + 1):
            at = self.text.index(word, at + 1)
        before = self.text[: at + inside]
        column = len(before.rsplit("\n", 1)[-1].encode("utf-16-le")) // 2
        return lsp.Position(before.count("\n"), column)

    @property
    def document(self) -> lsp.TextDocumentIdentifier:
        return lsp.TextDocumentIdentifier(self.uri)

    def at(self, span: lsp.Range) -> str:
        """The text of a range, which lies on one line."""
        assert span.start.line == span.end.line
        line = self.text.split("\n")[span.start.line].encode("utf-16-le")
        return line[2 * span.start.character : 2 * span.end.character].decode("utf-16-le")

    async def words(self, before: str) -> set[str]:
        """What is proposed after some text."""
        self.change(before)
        where = lsp.CompletionParams(self.document, self.place(before, inside=len(before)))
        found = await self.client.text_document_completion_async(where)
        assert isinstance(found, list)
        return {item.label for item in found}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(GOLDEN / "good" / "net64.safetensors", tmp_path)
    return tmp_path


def in_session(folder: Path, body: Callable[[Session], Awaitable[None]]) -> None:
    """Run a session to its end, which the server must reach too, without a traceback on the way."""

    async def whole() -> None:
        session = Session(folder)
        try:
            await asyncio.wait_for(body(session), 30)
            await session.client.shutdown_async(None)
            session.client.exit(None)
            for _ in range(250):
                if session.client._server is None or session.client._server.returncode is not None:
                    break
                await asyncio.sleep(0.02)
            assert session.client._server is not None
            assert session.client._server.returncode == 0
            assert session.client._server.stderr is not None
            assert b"Traceback" not in await session.client._server.stderr.read()
        finally:
            if session.client._server is not None and session.client._server.returncode is None:
                session.client._server.kill()
            await session.client.stop()  # type: ignore[no-untyped-call]

    asyncio.run(whole())


def test_diagnostics_while_typing(folder: Path) -> None:
    async def body(session: Session) -> None:
        text = GOOD.read_text()
        assert await session.open(text) == []
        session.change(text.replace("w == x", "w == xx"))
        (unknown,) = await session.diagnostics()
        assert (unknown.code, session.at(unknown.range)) == ("CS101", "xx")
        assert "did you mean `x`?" in unknown.message
        session.change(text.replace("left == right", "left =="))
        assert {d.code for d in await session.diagnostics()} == {"CS001"}
        for end in (0, 10, len(text) // 2, len(text) - 3):
            session.change(text[:end])
            await session.diagnostics()
        session.change(text)
        assert await session.diagnostics() == []

    in_session(folder, body)


def test_only_the_last_version_is_checked(folder: Path) -> None:
    async def body(session: Session) -> None:
        text = GOOD.read_text()
        await session.open(text)
        for count in range(20):
            session.change(text + f"# {count}\n")
        await session.diagnostics()
        assert [published.version for published in session.published] == [0, 20]

    in_session(folder, body)


def test_hover_definition_symbols(folder: Path) -> None:
    async def body(session: Session) -> None:
        await session.open(
            '# 😀\n"""Of the whole file."""\n\n' + GOOD.read_text().replace("model both", '"""Two."""\nmodel both')
        )

        async def hover(word: str, nth: int = 0) -> str:
            found = await session.client.text_document_hover_async(
                lsp.HoverParams(session.document, session.place(word, nth))
            )
            assert found is not None
            assert isinstance(found.contents, lsp.MarkupContent)
            return found.contents.value

        left = await hover("left", 1)
        assert left.startswith("variable `left` of `both`\n\nvalues: `bool` (2 values)\n\n```cspec\nleft")
        assert "Two." in await hover("both", 1)
        assert (await hover("w, x")).endswith("```cspec\ninput  w, x, y, z: 0..63\n```")
        assert "`hidden`: of an MLP" in await hover("hidden")
        assert "distributed alignment search" in await hover("rotation")
        assert "interchange intervention accuracy" in await hover("iia")
        where = lsp.DefinitionParams(session.document, session.place("left", 2))
        found = await session.client.text_document_definition_async(where)
        assert isinstance(found, lsp.Location)
        assert (session.at(found.range), found.range.start) == ("left", session.place("left", 0, 0))
        outline = await session.client.text_document_document_symbol_async(lsp.DocumentSymbolParams(session.document))
        shown = {
            (s.detail, s.name): [c.name for c in s.children or ()]
            for s in outline or ()
            if isinstance(s, lsp.DocumentSymbol)
        }
        assert shown["task", "equality"] == ["w", "x", "y", "z", "same"]
        assert shown["model", "both"] == ["left", "right"]
        assert ("claim", "represents") in shown

    in_session(folder, body)


def test_completion_by_place(folder: Path) -> None:
    async def body(session: Session) -> None:
        text = GOOD.read_text() + "\n"
        await session.open(text)
        assert {"task", "claim", "model"} <= await session.words(text)
        assert {"iia", "accuracy"} <= await session.words(text + "claim c: ")
        assert await session.words(text + "claim c: iia(") == {"das"}
        assert await session.words(text + "claim c: iia(das.") == {"left", "right", "same"}
        assert "mlp" in await session.words(text + "claim c: accuracy(")
        assert {"holds", "refuted"} <= await session.words(text + "claim c: iia(das) >= 0.9 expect ")
        assert await session.words(text + "align other: ") == {"both"}
        assert await session.words(text + "align other: both -> ") == {"mlp"}
        assert {"left", "right"} <= await session.words(text + "align other: both -> mlp {\n  ")
        assert "hidden" in await session.words(text + "align other: both -> mlp {\n  left at ")
        assert {"rotation", "pca"} <= await session.words(
            text + "align other: both -> mlp {\n  left at hidden[1] via r"
        )
        assert {"w", "if", "left"} - await session.words(text + "model m for equality {\n  a = ") == {"left"}
        assert await session.words(text + "model m for ") == {"equality"}
        assert {"input", "answer"} <= await session.words(text + "task t {\n  ")
        assert {"holdout", "size"} <= await session.words(text + "pairs p for equality {\n  ")
        assert {"w", "left", "correct"} <= await session.words(text + "pairs p for equality {\n  where base.")
        assert await session.words(text + "# claim c: ") == set()
        assert await session.words(text + 'network n = torch("') == set()

    in_session(folder, body)


def test_renaming_everywhere_or_not_at_all(folder: Path) -> None:
    async def body(session: Session) -> None:
        text = GOOD.read_text()
        await session.open(text)

        async def rename(word: str, name: str) -> str:
            where = lsp.RenameParams(session.document, session.place(word), name)
            edit = await session.client.text_document_rename_async(where)
            assert edit is not None
            assert edit.changes is not None
            lines = session.text.split("\n")
            for change in sorted(
                edit.changes[session.uri], key=lambda c: (c.range.start.line, -c.range.start.character)
            ):
                assert isinstance(change, lsp.TextEdit)
                row, start, end = change.range.start.line, change.range.start.character, change.range.end.character
                lines[row] = lines[row][:start] + change.new_text + lines[row][end:]
            return "\n".join(lines)

        assert await rename("left", "links") == text.replace("left", "links")
        assert await rename("das:", "found") == text.replace("das", "found")
        assert await rename("w, x", "first") == text.replace("w, x", "first, x").replace("w == x", "first == x")
        for word, name in (("left", "right"), ("left", "w"), ("left", "for"), ("left", "1x"), ("left", "a b")):
            with pytest.raises(JsonRpcException):
                await rename(word, name)
        with pytest.raises(JsonRpcException, match="names that this file or one that it imports declares"):
            await session.client.text_document_prepare_rename_async(
                lsp.PrepareRenameParams(session.document, session.place("hidden"))
            )
        session.change(text + "claim {")
        with pytest.raises(JsonRpcException, match="errors of syntax"):
            await rename("left", "links")

    in_session(folder, body)


def test_formatting_and_quick_fixes(folder: Path) -> None:
    async def body(session: Session) -> None:
        text = GOOD.read_text()
        await session.open(text.replace("\n  ", "\n      "))
        whole = lsp.DocumentFormattingParams(session.document, lsp.FormattingOptions(2, True))
        (edit,) = await session.client.text_document_formatting_async(whole) or ()
        spec = folder / "b.cspec"
        spec.write_text(text)
        run("fmt", spec)
        assert edit.new_text == spec.read_text()
        session.change("task {")
        assert not await session.client.text_document_formatting_async(whole)

        async def fixed(wrong: str) -> str:
            session.change(wrong)
            (problem,) = await session.diagnostics()
            where = lsp.CodeActionParams(session.document, problem.range, lsp.CodeActionContext([problem]))
            (action,) = await session.client.text_document_code_action_async(where) or ()
            assert isinstance(action, lsp.CodeAction)
            assert action.edit is not None
            assert action.edit.changes is not None
            (change,) = action.edit.changes[session.uri]
            lines = wrong.split("\n")
            start, end = change.range.start, change.range.end
            head = "\n".join([*lines[: start.line], lines[start.line][: start.character]])
            tail = "\n".join([lines[end.line][end.character :], *lines[end.line + 1 :]])
            return head + change.new_text + tail

        assert await fixed(text.replace("iia(das)", "iia(dass)", 1)) == text
        assert await fixed(text.replace("left == right", "left ≠ right")) == text.replace(
            "left == right", "left != right"
        )
        assert await fixed(text.replace("w == x", "w = x")) == text
        spare = "  spare = w < z\n"
        assert await fixed(text.replace("  same = left", spare + "  same = left")) == text

    in_session(folder, body)


def test_an_edited_text_is_read_once_and_its_items_are_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the server does for an edit of one line of a long file, without the waiting and the pipe."""
    opened: list[Recipe] = []

    def open_population(recipe: Recipe, whole_domain: bool) -> Population:
        opened.append(recipe)
        return draw_items.open_population(recipe, whole_domain)

    monkeypatch.setattr(populations, "open_population", open_population)
    text = GOOD.read_text()
    model = "\nmodel both_N for equality {\n  left_N = w == x\n  right_N = y == z\n  same = left_N == right_N\n}\n"
    while text.count("\n") < 200:
        text += model.replace("N", str(text.count("\n")))
    check = build_check(allow_path=False)
    assert check(Source(GOOD, text)).diagnostics == ()
    read, drawn = parse_text.cache_info().misses, len(opened)
    assert drawn > 0
    edited = Source(GOOD, text.replace(">= 0.9", ">= 0.8", 1))
    analyse(edited)
    assert check(edited).diagnostics == ()
    assert parse_text.cache_info().misses == read + 1
    assert len(opened) == drawn


def test_without_pygls_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygls.lsp.server", None)
    monkeypatch.delitem(sys.modules, "cspec.lang.server.serve", raising=False)
    done = run("lsp")
    assert done.status == 4
    assert done.err.startswith("error[CS032]: `cspec lsp` needs pygls")
    assert "pip install 'cspec[lsp]'" in done.err


def test_an_editor_that_closes_stdin_at_once() -> None:
    import subprocess

    done = subprocess.run(
        [sys.executable, "-m", "cspec", "lsp"], stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False
    )
    assert b"Traceback" not in done.stderr
