import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { checkout } from "./local/checkout.ts";
import { packPackage } from "./package/pack_package.ts";

const USAGE =
  `Build the npm package: command line, tool, and what \`add\` puts into a project.

Usage: deno task package [--out DIR]

  --out DIR   where the tarball goes (default: .local)
  --help

Prints the path of the tarball. It can be tried anywhere, published or not:
  npm exec --yes --package ./prompt-pipeline-VERSION.tgz -- prompt-pipeline --help`;

const { values } = parseArgs({
  options: { out: { type: "string" }, help: { type: "boolean" } },
});
if (values.help) console.log(USAGE);
else {
  const out = resolve(values.out ?? join(checkout, ".local"));
  await mkdir(out, { recursive: true });
  console.log(await packPackage(out));
}
