import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import type { Sql } from "postgres";
import { addEndpoint } from "../../../scripts/demo/model_choice.ts";
import {
  writeRepeatStatement,
  writeRunStatement,
} from "../../../scripts/demo/run_statement.ts";
import {
  otherSimulatedModel,
  startSimulatedModel,
  toSimulatedEndpoint,
} from "../../../scripts/local/simulated_model.ts";
import { ARCHIVES } from "../../../scripts/demo/show_demo.ts";
import { checkout } from "../../../scripts/local/checkout.ts";
import type { ModelSimulator } from "../../../scripts/local/model_simulator.ts";
import { uploadAllFiles } from "../../../scripts/pipeline/upload_files.ts";
import {
  type FencedBlock,
  findFencedBlocks,
} from "../../../scripts/test/fenced_blocks.ts";
import { takeSharedStack } from "./shared_stack.ts";

const read = (path: string) => Deno.readTextFile(join(checkout, path));
const blocksOf = async (path: string) => findFencedBlocks(await read(path));

/** What the demo leaves behind when it has uploaded and before it inserts its run. */
async function withDemoProject(
  test: (sql: Sql, model: ModelSimulator) => Promise<void>,
): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const stack = await takeSharedStack();
  const model = await startSimulatedModel();
  cleanup.defer(model.stop);
  model.configure({ latency: 0, faultRates: {} });
  await addEndpoint(stack.sql, toSimulatedEndpoint(model));
  await uploadAllFiles([ARCHIVES], stack, {
    bucket: "conversation-archives",
    prefix: "samples/",
    fetch,
  });
  await test(stack.sql, model);
}

async function untilNoRunIsOpen(sql: Sql): Promise<void> {
  for (const deadline = Date.now() + 30_000;;) {
    const open = await sql`
      select id, status, error from pipeline_runs where finished_at is null
    `;
    if (open.length === 0) return;
    if (Date.now() > deadline) {
      throw new Error(`Still open: ${JSON.stringify(open)}`);
    }
    await new Promise((go) => setTimeout(go, 50));
  }
}

/** Runs a block as psql would, and gives its output in psql's words. */
async function runAsPsql(sql: Sql, text: string): Promise<string[]> {
  try {
    // Results of the statements of a block, or of its only one.
    const result = await sql.unsafe(text).simple();
    const rows = Array.isArray(result[0]) ? result.at(-1)! : result;
    const names = rows.columns?.map(({ name }: { name: string }) => name) ?? [];
    return [
      names,
      ...rows.map((row: Record<string, unknown>) =>
        names.map((name: string) => row[name])
      ),
    ].map((cells) =>
      cells.map((cell: unknown) => `${cell}`.trim()).join(" | ")
    );
  } catch (error) {
    const { message, hint } = error as { message: string; hint?: string };
    return [`ERROR:  ${message}`, ...hint ? [`HINT:  ${hint}`] : []];
  }
}

function readPsql(text: string): string[] {
  return text.trimEnd().split("\n")
    .filter((line) => !line.startsWith("-"))
    .map((line) =>
      line.startsWith("ERROR:") || line.startsWith("HINT:")
        ? line
        : line.split("|").map((cell) => cell.trim()).join(" | ")
    );
}

/** Runs the SQL of a page from top to bottom, comparing what the page says comes of it. */
async function runPage(
  sql: Sql,
  blocks: FencedBlock[],
  enter: (section: string) => unknown = () => {},
): Promise<void> {
  let section: string | undefined;
  for (const [index, block] of blocks.entries()) {
    if (block.language !== "sql") continue;
    if (block.section !== section) {
      section = block.section;
      await untilNoRunIsOpen(sql);
      await enter(section);
    } else if (section !== "Steering a run") await untilNoRunIsOpen(sql);
    const output = await runAsPsql(sql, block.text);
    const next = blocks[index + 1];
    const isResult = next?.language === "text" &&
      /^(ERROR:| .*\|)/.test(next.text);
    if (isResult) {
      assertEquals(output.join("\n"), readPsql(next.text).join("\n"));
    } else {
      assert(!output[0]?.startsWith("ERROR"), `line ${block.line}: ${output}`);
    }
  }
}

Deno.test("every statement of the documentation gives what it says", () =>
  withDemoProject(async (sql, model) => {
    await runPage(sql, await blocksOf("README.md"), (section) => {
      // Slow enough to be paused.
      if (section === "Steering a run") model.configure({ latency: 200 });
    });
    const statuses = await sql`select status from pipeline_runs order by id`;
    assertEquals(
      statuses.map(({ status }) => status).join(),
      "completed,completed,completed,cancelled",
    );
    await runPage(sql, await blocksOf("docs/troubleshooting.md"));

    for await (
      const { name } of Deno.readDir(join(checkout, "supabase/snippets"))
    ) {
      const output = await runAsPsql(
        sql,
        await read(`supabase/snippets/${name}`),
      );
      assert(!output[0].startsWith("ERROR"), `${name}: ${output}`);
      if (name !== "failed_prompts.sql") {
        assert(output.length > 1, `${name} finds nothing after four runs`);
      }
    }
  }));

Deno.test("the statements of docs/results.md, docs/prompts.md and docs/scaling.md run", () =>
  withDemoProject(async (sql, model) => {
    await sql`
      insert into model_endpoints (name, url, model, input_cost, output_cost, max_output_tokens)
      values ('judge', ${`${model.url}/v1/chat/completions`}, 'judge', 1, 1, 1000)
    `;
    await sql`
      insert into pipeline_runs (source, endpoint)
      values (
        '{"type": "prompts", "prompts": ["one", "two", "three [[fault:filtered-400x1]]"]}', 'simulator'
      )
    `;
    await untilNoRunIsOpen(sql);
    // A table of whoever has the project.
    await sql`create table cities (name text)`;
    await runPage(sql, await blocksOf("docs/results.md"));
    await runPage(sql, await blocksOf("docs/prompts.md"));
    await runPage(sql, await blocksOf("docs/scaling.md"));
  }));

Deno.test("README.md begins with the demo's runs", async () => {
  const blocks = await blocksOf("README.md");
  const [first] = blocks;
  const statement = writeRunStatement({
    bucket: "conversation-archives",
    endpoint: "simulator",
  });
  assertEquals(first.text, `${statement};\n`);
  const runs = blocks.filter(({ text }) =>
    /^insert into pipeline_r/.test(text)
  );
  const repeat = writeRepeatStatement("1", "simulator", otherSimulatedModel);
  assertEquals(runs[1].text, `${repeat};\n`);
  const lines = (await read("README.md")).split("\n");
  const end = lines.findIndex((line) => line.startsWith("## "));
  assert(end <= 46, `the first screen has ${end} lines`);
});

Deno.test("README.md names tasks that exist, and its quick commands run", async () => {
  const { tasks } = JSON.parse(await read("deno.json"));
  const commands = (await blocksOf("README.md"))
    .filter(({ language }) => language === "sh")
    .flatMap(({ text }) => text.trim().split("\n"));
  for (const command of commands) {
    const task = /^(?:npx -y deno@[\d.]+|deno) task (\w+)/.exec(command)?.[1];
    if (task) assert(task in tasks, `${command}: there is no such task`);
    // Those on a project are run by package_test.ts and moving_in_test.ts.
    if (!command.includes("task pipeline extract")) continue;
    const { code, stdout } = await new Deno.Command("sh", {
      args: ["-c", command],
      cwd: checkout,
      env: { PATH: `${join(Deno.execPath(), "..")}:${Deno.env.get("PATH")}` },
    }).output();
    // 3: one record of the samples is broken on purpose.
    assertEquals(code, 3);
    assertMatch(new TextDecoder().decode(stdout), /"prompts": 80/);
  }
});
