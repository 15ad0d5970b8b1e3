import { assertEquals, assertRejects } from "@std/assert";
import { supervise } from "./supervise.ts";

/** A process that exists only as far as supervise() looks at it. */
function fakeProcess() {
  const { promise, resolve } = Promise.withResolvers<Deno.CommandStatus>();
  const end = (signal: Deno.Signal | null) =>
    resolve({ success: false, code: 1, signal });
  const process = {
    status: promise,
    kill: (signal: Deno.Signal) => end(signal),
  };
  return process as Deno.ChildProcess;
}

function endFake(process: Deno.ChildProcess): Promise<void> {
  process.kill("SIGTERM");
  return Promise.resolve();
}

Deno.test("supervise() starts a killed process again", async () => {
  let starts = 0;
  const startsWhenTold: number[] = [];
  const part = await supervise({
    name: "part",
    start: () => Promise.resolve((starts++, fakeProcess())),
    end: endFake,
    onRestart: () => void startsWhenTold.push(starts),
    log: () => {},
    wait: () => Promise.resolve(),
  });
  await part.kill();
  await part.ready();
  assertEquals(starts, 2);
  await part.stop();
  assertEquals(starts, 2);
  assertEquals(startsWhenTold, [2]);
});

Deno.test("supervise() tries again, more and more slowly, while it fails", async () => {
  const outcomes = [true, false, false, true];
  const pauses: number[] = [];
  const lines: string[] = [];
  const part = await supervise({
    name: "part",
    start: () =>
      outcomes.shift()
        ? Promise.resolve(fakeProcess())
        : Promise.reject(new Error("port is busy")),
    end: endFake,
    log: (line) => lines.push(line),
    wait: (milliseconds) => Promise.resolve(void pauses.push(milliseconds)),
  });
  await part.kill();
  await part.ready();
  assertEquals(pauses, [50, 100]);
  assertEquals(lines, [
    "part ended (SIGKILL); starting it again",
    "part: port is busy",
    "part: port is busy",
  ]);
  await part.stop();
});

Deno.test("supervise() passes on why the first start failed", async () => {
  await assertRejects(
    () =>
      supervise({
        name: "part",
        start: () => Promise.reject(new Error("no such file")),
        end: endFake,
        log: () => {},
        wait: () => Promise.resolve(),
      }),
    Error,
    "no such file",
  );
});
