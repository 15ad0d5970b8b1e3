import { assert, assertEquals } from "@std/assert";
import { readProcessorTime } from "./processor_time.ts";

const onLinux = Deno.build.os === "linux";

/** Uses the processor for 300 ms, then says so and waits. */
const program = `
const until = performance.now() + 300;
while (performance.now() < until);
console.log("done");
await Deno.stdin.read(new Uint8Array(1));
`;

Deno.test("readProcessorTime() sees what the thread of JavaScript uses", async () => {
  await using child = new Deno.Command(Deno.execPath(), {
    args: ["eval", program],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const output = child.stdout.getReader();
  await output.read();
  const used = await readProcessorTime(child.pid);
  await output.cancel();
  await child.stdin.close();
  if (!onLinux) return assertEquals(used, null);
  // On a machine that is busy, the thread got less than it wanted.
  assert(used! > 50, `${used} ms`);
});

Deno.test("readProcessorTime() has nothing to say of a process that has ended", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["--version"],
    stdout: "null",
  }).spawn();
  await child.status;
  assertEquals(await readProcessorTime(child.pid), null);
});
