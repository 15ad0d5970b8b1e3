import { assert, assertEquals } from "@std/assert";
import { type Project, withProject } from "../e2e/project.ts";
import { untilCheckpoint } from "../e2e/until_checkpoint.ts";

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
    await untilCheckpoint(project, killed, 20_000_000);
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
