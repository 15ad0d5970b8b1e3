import { assertEquals } from "@std/assert";
import { numberedPrompts, withProject } from "./project.ts";

const archive = (prefix: string, count: number) =>
  numberedPrompts(count, prefix).map((content) =>
    JSON.stringify({ messages: [{ role: "user", content }] })
  ).join("\n");

Deno.test("a sample of n is the same whatever the order of files, and dedupe counts a text once", () =>
  withProject(async (project) => {
    await project.upload("a.jsonl", archive("first", 40));
    await project.upload("b.jsonl", archive("second", 40));
    const source = { type: "supabase", bucket: "archives" };
    const chosen: string[][] = [];
    for (let run = 0; run < 2; run++) {
      const id = await project.startRun(source, { options: { sample: 7 } });
      const over = await project.untilOver(id);
      assertEquals([over.status, over.extracted, over.succeeded], [
        "completed",
        7,
        7,
      ]);
      await project.checkInvariants(id);
      const rows = await project.sql`
        select prompt_key from prompt_evaluations where run_id = ${id} order by 1
      `;
      chosen.push(rows.map(({ prompt_key }) => prompt_key));
    }
    assertEquals(chosen[0], chosen[1]);

    await project.upload("c.jsonl", archive("first", 40));
    const id = await project.startRun(source, { options: { dedupe: true } });
    assertEquals((await project.untilOver(id)).extracted, 80);
  }));

Deno.test("max_prompts stops extraction at that number", () =>
  withProject(async (project) => {
    await project.upload("a.jsonl", archive("first", 400));
    await project.upload("b.jsonl", archive("second", 400));
    const id = await project.startRun(
      { type: "supabase", bucket: "archives" },
      { max_prompts: 123 },
    );
    const run = await project.untilOver(id);
    assertEquals([run.status, run.extracted, run.succeeded], [
      "completed",
      123,
      123,
    ]);
    await project.checkInvariants(id);
  }));
