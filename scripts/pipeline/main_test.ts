import { assertEquals } from "@std/assert";
import type { Terminal } from "./command.ts";
import { readVersion } from "../release/version.ts";
import { main } from "./main.ts";

async function printed(...args: string[]): Promise<string> {
  const lines: string[] = [];
  await main(
    args,
    {
      columns: 100,
      print: (line) => lines.push(line),
    } as Partial<Terminal> as Terminal,
  );
  return lines.join("\n");
}

Deno.test("--version tells the version of deno.json", async () => {
  assertEquals(await printed("--version"), await readVersion());
});

Deno.test("README.md names all commands, in the order of the help", async () => {
  const commands = [
    ...(await printed("--help")).matchAll(/^ {2}([a-z]+) {2,}/gm),
  ]
    .map(([, name]) => name);
  const readme = await Deno.readTextFile(
    new URL("../../README.md", import.meta.url),
  );
  const [, named] = /lists all commands: ([^.]*)\./.exec(readme)!;
  assertEquals(named.split(/,\s+|\s+and\s+/), commands);
});
