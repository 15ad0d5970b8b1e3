import { equal, ok } from "node:assert/strict";
import { measureIsolate } from "./isolate_usage.ts";

const onLinux = Deno.build.os === "linux";

/** Uses the processor for 300 ms and holds 32 MB, then says so and waits. */
const program = `
const held = Array.from({ length: 32 }, () => new Uint8Array(2 ** 20).fill(1));
const until = performance.now() + 300;
while (performance.now() < until);
console.log(held.length);
await Deno.stdin.read(new Uint8Array(1));
`;

Deno.test("measureIsolate() sees what the thread of JavaScript uses", async () => {
  await using child = new Deno.Command(Deno.execPath(), {
    args: ["eval", program],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const output = child.stdout.getReader();
  await output.read();
  const usage = await measureIsolate(child.pid);
  await output.cancel();
  await child.stdin.close();
  if (!onLinux) return equal(usage, null);
  // On a machine that is busy, the thread got less than it wanted.
  ok(usage!.cpuMs > 50, `${usage!.cpuMs} ms`);
  ok(usage!.memoryMb > 32, `${usage!.memoryMb} MB`);
});

Deno.test("measureIsolate() has nothing to say of a process that has ended", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["--version"],
    stdout: "null",
  }).spawn();
  await child.status;
  equal(await measureIsolate(child.pid), null);
});
