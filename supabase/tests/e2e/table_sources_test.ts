import { assert, assertEquals, assertMatch } from "@std/assert";
import { chatTables } from "./chat_tables.ts";
import { withProject } from "./project.ts";

Deno.test("a run over a table of each layout asks what people asked, and has the answers as references", () =>
  withProject(async (project) => {
    const { sql } = project;
    const schemas = new Set(chatTables.map(({ table }) => table.split(".")[0]));
    for (const schema of schemas) {
      await sql.unsafe(
        `create schema ${schema}; grant usage on schema ${schema} to service_role;
         alter default privileges in schema ${schema} grant select on tables to service_role`,
      );
    }
    for (const { sql: statements } of chatTables) await sql.unsafe(statements);

    const found = await sql`
      select table_name, layout, problem, first_prompts[1] as first from prompt_sources()
    `;
    for (const { table, layout, asked } of chatTables) {
      const source = found.find(({ table_name }) => table_name === table);
      assertEquals(
        [table, source?.layout, source?.problem],
        [table, layout, null],
      );
      assert(
        asked.some(([prompt]) => prompt === source?.first) ||
          layout === "ai-sdk-parts" || layout === "open-webui-chats",
        `${table}: ${source?.first}`,
      );
    }

    const ids = new Map<string, number>();
    for (const { table } of chatTables) {
      ids.set(
        table,
        await project.startRun({ type: "table", table, settle: "0" }),
      );
    }
    for (const { table, asked, key, metadata } of chatTables) {
      const id = ids.get(table)!;
      const run = await project.untilOver(id, 60);
      assertEquals([table, run.status, run.error], [table, "completed", null]);
      const rows = await sql`
        select evaluation.prompt, evaluation.reference, evaluation.source, evaluation.metadata
        from prompt_evaluations as evaluation
        join pipeline_tasks as task on task.id = evaluation.task_id
        where evaluation.run_id = ${id} order by evaluation.task_id
      `;
      assertEquals(
        [table, ...rows.map(({ prompt, reference }) => [prompt, reference])],
        [table, ...asked],
      );
      assertEquals([table, rows[0].source.key], [table, key]);
      assertEquals(rows[0].source.path, table);
      if (metadata) {
        assertEquals([table, rows[0].metadata?.feedback], [
          table,
          metadata.feedback,
        ]);
      }
      await project.checkInvariants(id);
    }
    const [broken] = await sql`
      select message from pipeline_errors where run_id = ${ids.get(
      "agents.agent_messages",
    )!}
    `;
    assertMatch(broken.message, /its message is no JSON object/);
  }));
