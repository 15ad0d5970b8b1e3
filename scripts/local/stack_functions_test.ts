import {
  assert,
  assertEquals,
  assertMatch,
  assertStrictEquals,
} from "@std/assert";
import { join } from "node:path";
import type { IsolateLimits } from "./functions/isolate_limits.ts";
import { isAlive } from "./is_alive.ts";
import { type Stack } from "./stack.ts";
import { shareStack } from "./testing/share_stack.ts";
import {
  eventually,
  greeting,
  processOf,
  project,
  withStack,
} from "./testing/test_stack.ts";

const limits = { cpuMs: 1e6, memoryMb: 1e6, wallMs: 1e6 };
let skews: number[] = [];
const takeStack = shareStack(
  {
    port: 0,
    project,
    functionEnv: { EXTRA: "yes" },
    isolateLimits: limits,
    clockSkewMs: () => skews.shift() ?? 0,
  },
  (stack) => stack.kill("functions"),
);

/** The one stack, whose next processes have these limits. */
async function withLimits(
  test: (stack: Stack) => Promise<void>,
  changed: Partial<IsolateLimits> = {},
): Promise<void> {
  const stack = await takeStack();
  const unlimited = { ...limits };
  Object.assign(limits, changed);
  try {
    await test(stack);
  } finally {
    Object.assign(limits, unlimited);
  }
}

Deno.test("startStack() runs functions as hosted Supabase does", () =>
  withLimits(async (stack) => {
    const hello = `${stack.url}/functions/v1/hello`;
    const { pathname, extra, variables } = await (await fetch(hello)).json();
    assertEquals(pathname, "/hello");
    assertEquals(extra, "yes");
    assertEquals(variables.includes("SUPABASE_JWKS"), true);
    assertEquals(variables.includes("SHELL"), false);
    assertEquals(await (await fetch(`${hello}/forbidden`)).json(), {
      write: "NotCapable",
      run: "NotCapable",
    });
    const later = await fetch(`${hello}/later`, {
      method: "POST",
      body: "later",
    });
    assertEquals(later.status, 202);
    await later.body?.cancel();
    await greeting(stack, "later");
  }));

Deno.test("startStack() starts a function at its first call, which is told why it does not start", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(join(folder, "migrations"));
  await Deno.mkdir(join(folder, "functions", "broken"), { recursive: true });
  await Deno.writeTextFile(join(folder, "config.toml"), "");
  await Deno.writeTextFile(
    join(folder, "functions", "broken", "index.ts"),
    'throw new Error("no key");\n',
  );
  await withStack(async (stack) => {
    for (let call = 0; call < 2; call++) {
      const response = await fetch(`${stack.url}/functions/v1/broken`, {
        headers: { apikey: stack.secretKey },
      });
      assertEquals(response.status, 502);
      assertMatch(
        (await response.json()).message,
        /^Cannot reach functions: Cannot start function broken: .*no key/s,
      );
    }
  }, { project: folder });
  await Deno.remove(folder, { recursive: true });
});

Deno.test("startStack() serves functions that call Deno.serve(), with secrets and keys of their own names", async () => {
  const folder = await Deno.makeTempDir();
  const write = async (path: string, text: string) => {
    await Deno.mkdir(join(folder, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(folder, path), text);
  };
  await Deno.mkdir(join(folder, "migrations"));
  await write("config.toml", "");
  await write("functions/.env", "MINE=yes\n");
  await write(
    "functions/one/index.ts",
    'Deno.serve(() => Response.json([Deno.env.get("MINE"), Boolean(Deno.env.get("SUPABASE_SERVICE_ROLE_KEY"))]));\n',
  );
  await write(
    "functions/two/index.ts",
    'import { word } from "word";\nDeno.serve({ port: 8000 }, (_request, { remoteAddr }) => Response.json([word, remoteAddr.transport]));\n',
  );
  await write(
    "functions/two/deno.json",
    '{ "imports": { "word": "../_shared/word.ts" } }',
  );
  await write("functions/_shared/word.ts", 'export const word = "shared";\n');
  await withStack(async (stack) => {
    const call = async (name: string) =>
      await (await fetch(`${stack.url}/functions/v1/${name}`, {
        headers: { apikey: stack.secretKey },
      })).json();
    assertEquals(await Promise.all([call("one"), call("two")]), [
      ["yes", true],
      ["shared", "tcp"],
    ]);
  }, { project: folder });
  await Deno.remove(folder, { recursive: true });
});

Deno.test("startStack() announces the end to functions", async () => {
  const dataDir = join(await Deno.makeTempDir({ dir: "/var/tmp" }), "data");
  await Deno.chmod(join(dataDir, ".."), 0o755);
  await withStack(async (stack) => void await processOf(stack), { dataDir });
  await withStack(
    async (stack) => void await greeting(stack, "goodbye: termination"),
    { dataDir, functions: [] },
  );
  await Deno.remove(join(dataDir, ".."), { recursive: true });
});

const replacement = (stack: Stack, ended: number) =>
  eventually(async () => {
    const process = await processOf(stack);
    return process === ended ? undefined : process;
  });

Deno.test("startStack() replaces a function that has used half its time and lets it finish", () =>
  withLimits(async (stack) => {
    // Under way when the first has used half of its 6 seconds.
    const slow = processOf(stack, "/worked", "3500");
    const first = await processOf(stack);
    assert(await replacement(stack, first));
    assertStrictEquals(await slow, first);
    await greeting(stack, "goodbye: early_drop");
    await eventually(() => Promise.resolve(!isAlive(first) || undefined));
  }, { wallMs: 6_000 }));

Deno.test("startStack() kills a function at the limit of wall clock, told before", () =>
  withLimits(async (stack) => {
    const first = await processOf(stack, "/wait");
    await greeting(stack, "goodbye: wall_clock");
    await eventually(() => Promise.resolve(!isAlive(first) || undefined));
  }, { wallMs: 2_000 }));

Deno.test("startStack() kills a function at the limit of memory", () =>
  withLimits(async (stack) => {
    const first = await processOf(stack, "/hold");
    const second = await replacement(stack, first);
    await eventually(() => Promise.resolve(!isAlive(first) || undefined));
    assert(isAlive(second));
  }, { memoryMb: 100 }));

Deno.test({
  name:
    "startStack() kills a function that has used its processor time, told before",
  // Elsewhere nothing tells what a thread has used.
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withLimits(async (stack) => {
      const first = await processOf(stack, "/work", "60000");
      const second = await replacement(stack, first);
      assert(isAlive(second));
      await greeting(stack, "goodbye: cpu");
      await eventually(() => Promise.resolve(!isAlive(first) || undefined));
      assertStrictEquals(await processOf(stack), second);
    }, { cpuMs: 1_000 }),
});

Deno.test("startStack() starts a function with a clock that is wrong", () => {
  const offset = async ({ url }: Stack) => {
    const response = await fetch(`${url}/functions/v1/hello`);
    return Math.round(((await response.json()).time - Date.now()) / 60_000);
  };
  return withLimits(async (stack) => {
    skews = [600_000, -600_000];
    assertEquals(await offset(stack), 10);
    await stack.kill("functions");
    assertEquals(await offset(stack), -10);
  });
});
