// Starts `cspec lsp` for .cspec files and connects the editor with it.
const { workspace } = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");

let client;

function activate() {
  const [command, ...args] = workspace.getConfiguration("cspec").get("command");
  const server = { command, args, transport: TransportKind.stdio };
  client = new LanguageClient("cspec", "cspec", server, { documentSelector: [{ language: "cspec" }] });
  return client.start();
}

function deactivate() {
  return client && client.stop();
}

module.exports = { activate, deactivate };
