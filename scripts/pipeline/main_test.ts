import { assertEquals } from "@std/assert";
import type { Terminal } from "./command.ts";
import { main } from "./main.ts";

Deno.test("README.md names all commands, in the order of the help", async () => {
  const lines: string[] = [];
  await main(
    ["--help"],
    {
      columns: 100,
      print: (line) => lines.push(line),
    } as Partial<Terminal> as Terminal,
  );
  const commands = [...lines.join("\n").matchAll(/^ {2}([a-z]+) {2,}/gm)]
    .map(([, name]) => name);
  const readme = await Deno.readTextFile(
    new URL("../../README.md", import.meta.url),
  );
  const [, named] = /lists all commands: ([^.]*)\./.exec(readme)!;
  assertEquals(named.split(/,\s+|\s+and\s+/), commands);
});
