import {
  assert,
  assertEquals,
  assertMatch,
  assertStrictEquals,
} from "@std/assert";
import { uploadFiles } from "../../../scripts/pipeline/upload_files.ts";
import { type Project, withProject } from "./project.ts";
import { untilCheckpoint } from "./until_checkpoint.ts";

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
        messages: [{ role: "user", content: text.padEnd(20_000, ".") }],
      });
    const lines = (count: number) =>
      Array.from({ length: count }, (_, index) => line(`prompt ${index}`))
        .join("\n");
    await project.upload("a.jsonl", lines(600));
    const id = await project.startRun(
      { type: "supabase", bucket: "archives" },
      { max_prompts: 20_000, max_concurrency: 1 },
    );
    await untilCheckpoint(project, id, 0);
    await project.sql`select pause_pipeline_run(${id})`;
    await project.upload("a.jsonl", lines(620));
    await project.sql`select resume_pipeline_run(${id})`;
    await untilExtracted(project, id);
    const [{ prompts, texts }] = await project.sql`
      select count(*)::integer as prompts, count(distinct prompt.text)::integer as texts
      from pipeline_tasks as task join pipeline.prompts as prompt on prompt.id = task.prompt_id
      where task.run_id = ${id} and task.stage = 'execute'
    `;
    assertStrictEquals(prompts, texts);
    assert(prompts === 600 || prompts === 620, `${prompts} prompts`);
    const broken = await project.sql`select * from check_pipeline_invariants()`;
    assertEquals([...broken], []);
  }));

/** Resolves when the archives of a run are read; to ask all that is in them would take a minute. */
async function untilExtracted({ sql }: Project, runId: number) {
  for (const deadline = Date.now() + 90_000;;) {
    const open = await sql`
      select from pipeline_tasks
      where run_id = ${runId} and stage = 'extract' and status in ('pending', 'leased')
    `;
    if (open.length === 0) return;
    if (Date.now() > deadline) {
      throw new Error("The archive is not read after 90 s");
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
