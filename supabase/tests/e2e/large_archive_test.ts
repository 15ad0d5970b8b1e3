import {
  assert,
  assertEquals,
  assertMatch,
  assertStrictEquals,
} from "@std/assert";
import { uploadFiles } from "../../../scripts/pipeline/upload_files.ts";
import { type Project, withProject } from "./project.ts";

const CONVERSATIONS = 2_000;
const CONVERSATION_BYTES = 100_000;
const WORKER_SECONDS = 10;

/** A Claude-like export of about 200 MB with one prompt in each conversation. */
function createArchive(): Uint8Array {
  const filler = "All work and no play makes a dull test. ".repeat(
    CONVERSATION_BYTES / 40,
  );
  const conversations = Array.from(
    { length: CONVERSATIONS },
    (_, index) =>
      JSON.stringify({
        uuid: `conversation-${index}`,
        name: `Conversation ${index}`,
        created_at: "2026-01-01T00:00:00Z",
        chat_messages: [
          { uuid: `q${index}`, sender: "human", text: `Question ${index}` },
          { uuid: `a${index}`, sender: "assistant", text: filler },
        ],
      }),
  );
  return new TextEncoder().encode(`[${conversations.join(",")}]`);
}

async function keysOf(project: Project, runId: number): Promise<string[]> {
  const rows = await project.sql`
    select prompt_key from prompt_evaluations where run_id = ${runId} order by prompt_key
  `;
  return rows.map(({ prompt_key }) => prompt_key);
}

/** Resolves when the archive's task has a checkpoint some way into the file. */
async function untilCheckpoint(project: Project, runId: number) {
  for (let waited = 0; waited < 30_000; waited += 10) {
    const [task] = await project.sql`
      select (payload -> 'cursor' ->> 'offset')::bigint as "offset"
      from pipeline_tasks where run_id = ${runId} and key like 'archive:%'
    `;
    if (Number(task?.offset ?? 0) > 20_000_000) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("There is no checkpoint after 30 s");
}

Deno.test("an archive of 200 MB is read within time budgets, and after a kill from its checkpoint", () =>
  withProject(async (project) => {
    const archive = createArchive();
    assert(archive.length > 190_000_000, `${archive.length} bytes`);
    await project.upload("conversations.json", archive);
    const source = { type: "supabase", bucket: "archives" };

    const undisturbed = await project.startRun(source);
    const first = await project.untilOver(undisturbed, 90);
    assertEquals([first.status, first.extracted], ["completed", CONVERSATIONS]);
    const expected = await keysOf(project, undisturbed);
    assertEquals(expected.length, CONVERSATIONS);

    const killed = await project.startRun(source);
    await untilCheckpoint(project, killed);
    await project.kill("functions");
    await project.endLeases();
    const second = await project.untilOver(killed, 120);
    assertEquals([second.status, second.extracted], [
      "completed",
      CONVERSATIONS,
    ]);
    assertEquals(await keysOf(project, killed), expected);
    await project.checkInvariants(killed);

    const workers = await project.sql`
      select extract(epoch from ended_at - started_at)::float as seconds
      from pipeline.workers
      where run_id = ${undisturbed} and stage = 'extract' and started_at is not null
    `;
    assert(workers.length >= 2, `${workers.length} workers`);
    for (const { seconds } of workers) {
      assert(seconds < WORKER_SECONDS + 1, `a worker took ${seconds} s`);
    }
  }, {
    functionEnv: { WORKER_SECONDS: String(WORKER_SECONDS) },
    fileSizeLimit: 1e9,
  }));

Deno.test("an archive that is larger than Storage takes → the upload says where the limit is", () =>
  withProject(async (project) => {
    const file = await Deno.makeTempFile({ suffix: ".jsonl" });
    await Deno.truncate(file, 51 * 1_048_576);
    const [{ outcome, error }] = await uploadFiles([file], project, {
      bucket: "archives",
      prefix: "",
      fetch,
    });
    await Deno.remove(file);
    assertEquals(outcome, "failed");
    assertMatch(error!, /Raise the limit in the project's Storage settings/);
  }));

Deno.test("an archive that is replaced while it is read starts again and adds nothing twice", () =>
  withProject(async (project) => {
    const line = (text: string) =>
      JSON.stringify({
        id: text,
        messages: [{ role: "user", content: text.padEnd(4_000, ".") }],
      });
    const lines = (count: number) =>
      Array.from({ length: count }, (_, index) => line(`prompt ${index}`))
        .join("\n");
    await project.upload("a.jsonl", lines(8_000));
    const id = await project.startRun(
      { type: "supabase", bucket: "archives" },
      { max_prompts: 20_000 },
    );
    await untilCheckpoint(project, id);
    await project.sql`select pause_pipeline_run(${id})`;
    await project.upload("a.jsonl", lines(8_100));
    await project.sql`select resume_pipeline_run(${id})`;
    const run = await project.untilOver(id, 90);
    assertEquals(run.status, "completed");
    const [{ prompts, texts }] = await project.sql`
      select count(*)::integer as prompts, count(distinct prompt)::integer as texts
      from prompt_evaluations where run_id = ${id}
    `;
    assertStrictEquals(prompts, texts);
    assert(prompts === 8_000 || prompts === 8_100, `${prompts} prompts`);
    await project.checkInvariants(id);
  }));
