import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isAlive } from "../../../scripts/local/is_alive.ts";
import { readLines } from "../../../scripts/local/lines.ts";
import { chooseFreePort } from "../../../scripts/local/ports.ts";

interface Dev {
  process: Deno.ChildProcess;
  url: string;
  /** Process id of its PostgreSQL. */
  postgres: number;
}

const program = fileURLToPath(
  new URL("../../../scripts/local/dev.ts", import.meta.url),
);

/** Runs `deno task dev` on a folder until it says that it has started. */
async function startDev(
  dataDir: string,
  before: string[] = [],
): Promise<Dev> {
  const port = String(chooseFreePort());
  const [command, ...args] = [...before, Deno.execPath()];
  const process = new Deno.Command(command, {
    args: [
      ...args,
      "run",
      "-A",
      "--no-check",
      program,
      "--port",
      port,
      "--data",
      dataDir,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const { promise: url, resolve } = Promise.withResolvers<string>();
  readLines(process.stdout, (line) => {
    const found = /API URL: (\S+)/.exec(line)?.[1];
    if (found) resolve(found);
  });
  const ended = process.status.then(({ code }) => {
    throw new Error(`it ended with code ${code} instead of starting`);
  });
  // It ends after the test has stopped it, when nobody waits any more.
  ended.catch(() => {});
  const started = await Promise.race([url, ended]);
  const status = await Deno.readTextFile(
    join(dataDir, "postgres", "postmaster.pid"),
  );
  return { process, url: started, postgres: parseInt(status) };
}

/** Makes a folder that the user who runs PostgreSQL can reach. */
async function makeParent(): Promise<string> {
  const parent = await Deno.makeTempDir({ dir: "/var/tmp" });
  await Deno.chmod(parent, 0o755);
  return parent;
}

/** Waits until a process has ended; fails after 10 seconds. */
async function untilEnded(pid: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (isAlive(pid)) {
    assert(Date.now() < deadline, `process ${pid} is still there`);
    await new Promise((go) => setTimeout(go, 20));
  }
}

Deno.test("deno task dev leaves no process behind after Ctrl-C", async () => {
  const parent = await makeParent();
  const dev = await startDev(join(parent, "data"));
  dev.process.kill("SIGINT");
  assertEquals((await dev.process.status).code, 0);
  assertEquals(isAlive(dev.postgres), false);
  await Deno.remove(parent, { recursive: true });
});

Deno.test("deno task dev starts again on the folder after kill -9", async () => {
  const parent = await makeParent();
  const first = await startDev(join(parent, "data"));
  first.process.kill("SIGKILL");
  await first.process.status;
  const second = await startDev(join(parent, "data"));
  await untilEnded(first.postgres);
  const response = await fetch(`${second.url}/rest/v1/`);
  assertEquals(response.status, 401);
  await response.body?.cancel();
  second.process.kill("SIGTERM");
  assertEquals((await second.process.status).code, 0);
  await Deno.remove(parent, { recursive: true });
});

Deno.test("deno task dev ends with the npx that started it", async () => {
  const parent = await makeParent();
  // As npx does: a process in between that hands no signal on.
  const npx = join(parent, "npx");
  await Deno.writeTextFile(npx, '#!/bin/sh\n"$@"\n:\n', { mode: 0o755 });
  const dev = await startDev(join(parent, "data"), [npx]);
  dev.process.kill("SIGTERM");
  await dev.process.status;
  await untilEnded(dev.postgres);
  await Deno.remove(parent, { recursive: true });
});
