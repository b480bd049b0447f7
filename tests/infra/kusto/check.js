// Reads {"schema": {table: {column: type}}, "queries": {name: text}} and writes what the parser of
// the workspace's query language has to say: {name: ["severity: message at position"]}.

"use strict";

require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");

const language = globalThis.Kusto.Language;
const { schema, queries } = JSON.parse(require("node:fs").readFileSync(0, "utf-8"));

const tables = Object.entries(schema).map(([name, columns]) => {
  const listed = Object.entries(columns).map(([column, type]) => `${column}: ${type}`);
  return language.Symbols.TableSymbol.From(`(${listed.join(", ")})`).WithName(name);
});
const database = new language.Symbols.DatabaseSymbol.$ctor1("workspace", tables, false);
const workspace = language.GlobalState.Default.WithDatabase(database);

const told = {};
for (const [name, text] of Object.entries(queries)) {
  const found = language.KustoCode.ParseAndAnalyze(text, workspace).GetDiagnostics();
  told[name] = [];
  for (let i = 0; i < found.Count; i += 1) {
    const one = found.getItem(i);
    told[name].push(`${one.Severity}: ${one.Message} at ${one.Start}`);
  }
}
console.log(JSON.stringify(told));
