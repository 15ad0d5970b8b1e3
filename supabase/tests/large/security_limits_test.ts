import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Project, withProject } from "../e2e/project.ts";

/** They take a wake, which is small, and whoever has its token. */
const WORKERS = ["pipeline-worker", "pipeline-evaluator"];
const MEGABYTE = 1_000_000;
const QUICKLY_MS = 5_000;

async function functionNames(): Promise<string[]> {
  const folder = new URL("../../functions/", import.meta.url);
  return (await Array.fromAsync(Deno.readDir(folder)))
    .filter(({ name, isDirectory }) => isDirectory && name !== "_shared")
    .map(({ name }) => name);
}

async function post(
  project: Project,
  name: string,
  body: BodyInit,
  headers: Record<string, string> = { apikey: project.secretKey },
) {
  const startedAt = Date.now();
  const response = await fetch(`${project.url}/functions/v1/${name}`, {
    method: "POST",
    headers,
    body,
  });
  const text = await response.text();
  return {
    status: response.status,
    code: JSON.parse(text).code as string,
    milliseconds: Date.now() - startedAt,
  };
}

/**
 * Memory of the largest process that serves a function, in MB. Tests that run beside this one serve
 * it too, and a process that is retired has a successor.
 */
async function memoryOf(name: string): Promise<number> {
  const { stdout } = await new Deno.Command("ps", {
    args: ["-eo", "ppid=,rss=,args="],
  }).output();
  const processes = new TextDecoder().decode(stdout).split("\n")
    .filter((line) =>
      // Other test runs on the machine serve functions of the same name.
      parseInt(line) === Deno.pid && line.includes(`functions/${name}/index.ts`)
    );
  assert(processes.length > 0, `ps lists ${name}`);
  return Math.max(
    ...processes.map((line) => Number(line.trim().split(/\s+/)[1]) / 1024),
  );
}

Deno.test("bodies of 50 MB and JSON 100,000 deep are refused quickly by every function", () =>
  withProject(async (project) => {
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    const bodies: [string, number, () => BodyInit][] = [
      ["50 MB", 413, () => new Uint8Array(50 * MEGABYTE).fill(32)],
      ["50 MB without a length", 413, () =>
        new ReadableStream({
          start(controller) {
            for (let part = 0; part < 50; part++) {
              controller.enqueue(new Uint8Array(MEGABYTE).fill(32));
            }
            controller.close();
          },
        })],
      ["100,000 levels", 400, () => deep],
      ["100,000 levels in a field", 400, () => `{"dataSource":${deep}}`],
      ["100,000 open brackets", 400, () => '{"a":'.repeat(100_000)],
      ["no JSON", 400, () => "\u0000\u0001"],
    ];
    for (const name of await functionNames()) {
      // The first call starts a process, which is not what is timed.
      await post(project, name, "");
      for (const [what, status, body] of bodies) {
        const answer = await post(project, name, body());
        // A wake is so small that deep JSON is too long already.
        const wanted = WORKERS.includes(name) && /level|brackets/.test(what)
          ? 413
          : status;
        assertEquals(answer.status, wanted, `${name}, ${what}`);
        assert(
          answer.milliseconds < QUICKLY_MS,
          `${name}, ${what}: ${answer.milliseconds} ms`,
        );
        // Without a key the body is not even looked at, but by the worker, whose key is in it.
        const stranger = await post(project, name, body(), {});
        assertEquals(
          stranger.status,
          WORKERS.includes(name) ? wanted : 401,
          `${name}, ${what}`,
        );
      }
      const memory = await memoryOf(name);
      assert(memory < 256, `${name} holds ${memory} MB`);
    }
    const id = await project.startRun({ type: "prompts", prompts: ["alive"] });
    assertEquals((await project.untilOver(id)).succeeded, 1);
    // A stack of its own: what its functions hold is of these bodies alone.
  }, { renewable: false }));

const CATASTROPHES = [
  "(a+)+$",
  "(a|aa)+[x-z]",
  "(.*a){20}[x-z]",
  "(?:.?){1000}[x-z]",
  ".{0,1000}".repeat(100) + "[x-z]",
  "((a{0,30}){0,30}b?){0,1}[x-z]",
];

Deno.test("patterns of users end quickly or are refused, whatever they are", () =>
  withProject(async (project) => {
    const text = "a".repeat(30_000);
    await project.upload(
      "a.jsonl",
      JSON.stringify({ messages: [{ role: "user", content: text }] }),
    );
    for (const pattern of CATASTROPHES) {
      const startedAt = Date.now();
      const ids = await Promise.all([
        project.startRun({ type: "supabase", bucket: "archives" }, {
          options: project.sql.json({ include: pattern, exclude: [pattern] }),
        }),
        project.startRun({ type: "prompts", prompts: [text] }, {
          evaluators: project.sql.json([
            { type: "regex", pattern },
            { type: "numeric-difference", pattern, absoluteTolerance: 1 },
            {
              type: "json-schema",
              schema: { type: "string", pattern },
            },
          ]),
        }),
      ]);
      for (const id of ids) await project.untilOver(id);
      for (const name of ["extract-prompts", "evaluate-results"]) {
        const body = name === "extract-prompts"
          ? {
            dataSource: { type: "supabase", bucket: "archives" },
            include: Array(50).fill(pattern),
          }
          : {
            runId: ids[1],
            evaluators: [{ type: "regex", pattern }],
          };
        const { status } = await post(project, name, JSON.stringify(body));
        assertMatch(String(status), /^(200|400)$/);
      }
      const milliseconds = Date.now() - startedAt;
      assert(milliseconds < 4 * QUICKLY_MS, `${pattern}: ${milliseconds} ms`);
    }
    const lost = await project
      .sql`select * from pipeline_errors where class = 'lost'`;
    assertEquals([...lost], [], "no worker was killed");
    // Together they may use up the 2 s of processor time of an isolate. On hosted
    // Supabase their tasks then go on in another one, when the lease has expired.
  }, { isolateLimits: undefined }));
