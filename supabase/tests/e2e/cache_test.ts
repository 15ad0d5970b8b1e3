import { assertEquals } from "@std/assert";
import { numberedPrompts, withProject } from "./project.ts";

Deno.test("a caching run answers from the cache what was asked before, and counts it apart", () =>
  withProject(async (project) => {
    const source = {
      type: "prompts",
      prompts: [...numberedPrompts(10), "[[fault:400x1]] fails first"],
    };
    const columns = {
      options: { cache: true },
      parameters: { temperature: 0 },
    };
    await project.untilOver(await project.startRun(source, columns));
    assertEquals(project.model.count(), 11);

    const again = await project.startRun(source, columns);
    const run = await project.untilOver(again);
    assertEquals([run.succeeded, run.failed], [11, 0]);
    assertEquals(project.model.count(), 12, "a failed answer is never served");
    const [counted] = await project.sql`
      select cached, input_tokens from pipeline_runs where id = ${again}
    `;
    assertEquals(counted.cached, 10);
    const [row] = await project.sql`
      select response, cost, metadata ->> 'cached' as cached, duration_ms
      from prompt_evaluations where run_id = ${again} and prompt = 'prompt 3'
    `;
    assertEquals({ ...row }, {
      response: "You said: prompt 3",
      cost: "0",
      cached: "true",
      duration_ms: null,
    });

    await project.untilOver(
      await project.startRun(source, {
        ...columns,
        parameters: { temperature: 1 },
      }),
    );
    assertEquals(
      project.model.count(),
      23,
      "other parameters are another question",
    );
    await project.untilOver(
      await project.startRun(source, { parameters: { temperature: 0 } }),
    );
    assertEquals(
      project.model.count(),
      34,
      "a run that does not ask for it calls",
    );
  }));
