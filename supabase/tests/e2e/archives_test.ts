import {
  assert,
  assertEquals,
  assertMatch,
  assertStrictEquals,
} from "@std/assert";
import { uploadFiles } from "../../../scripts/pipeline/upload_files.ts";
import { withProject } from "./project.ts";
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
