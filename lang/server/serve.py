"""The language server itself: which function answers which request of the protocol."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from ..files import Files
from . import requests
from .analysis import Check
from .checking import Checking
from .documents import Documents

REQUESTS: dict[str, Callable[[Documents, Any], object]] = {
    lsp.TEXT_DOCUMENT_HOVER: requests.on_hover,
    lsp.TEXT_DOCUMENT_DEFINITION: requests.on_definition,
    lsp.TEXT_DOCUMENT_REFERENCES: requests.on_references,
    lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL: requests.on_symbols,
    lsp.TEXT_DOCUMENT_COMPLETION: requests.on_completion,
    lsp.TEXT_DOCUMENT_PREPARE_RENAME: requests.on_prepare_rename,
    lsp.TEXT_DOCUMENT_RENAME: requests.on_rename,
    lsp.TEXT_DOCUMENT_FORMATTING: requests.on_formatting,
    lsp.TEXT_DOCUMENT_CODE_ACTION: requests.on_code_action,
}
OPTIONS: dict[str, object] = {
    lsp.TEXT_DOCUMENT_COMPLETION: lsp.CompletionOptions(trigger_characters=[".", "@", "("]),
    lsp.TEXT_DOCUMENT_RENAME: lsp.RenameOptions(prepare_provider=True),
    lsp.TEXT_DOCUMENT_CODE_ACTION: lsp.CodeActionOptions(code_action_kinds=[lsp.CodeActionKind.QuickFix]),
}
"""What the server tells of how it answers."""


def build_server(check: Check, reader: Callable[[Path], Files], version: str) -> LanguageServer:
    """A server that checks texts with `check`, and reads what they import with the `reader` of their folder."""
    server = LanguageServer("cspec", version)
    logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_fault)
    documents = Documents(server, reader)
    checking = Checking(documents, check)
    # partial, since a bound method takes no attributes, and a feature is given some
    server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)(partial(Checking.did_open, checking))
    server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)(partial(Checking.did_change, checking))
    server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)(partial(Checking.did_save, checking))
    server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)(partial(Checking.did_close, checking))
    for request, answer in REQUESTS.items():
        server.feature(request, OPTIONS.get(request))(partial(answer, documents))
    return server


def _is_fault(line: logging.LogRecord) -> bool:
    """Whether a line of the log tells of a fault of the server: a request that is refused has its answer."""
    return line.exc_info is None or not isinstance(line.exc_info[1], JsonRpcInvalidParams)
