import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { dirname, join } from "node:path";
import { checkout } from "../../../scripts/local/checkout.ts";
import {
  type FencedBlock,
  findFencedBlocks,
} from "../../../scripts/test/fenced_blocks.ts";
import { type Project, withProject } from "../e2e/project.ts";

const pages = [
  "docs/how-to/chat-table.md",
  "docs/how-to/nightly-run.md",
  "docs/how-to/compare-two-models.md",
  "docs/how-to/gate-in-ci.md",
  "docs/how-to/sweep.md",
  "docs/how-to/compare-prompts.md",
  "docs/how-to/import-chatgpt-export.md",
  "docs/how-to/keys-in-vault.md",
  "docs/how-to/custom-endpoint.md",
  "docs/hosted.md",
  "docs/agents.md",
  "skills/prompt-pipeline/SKILL.md",
];

/** Runs the commands of a block where their files may be written. */
async function runCommands(
  project: Project,
  folder: string,
  { text }: FencedBlock,
): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    // As the skill calls it.
    args: [
      "-euo",
      "pipefail",
      "-c",
      `pipeline() { deno task pipeline "$@"; }\n${text}`,
    ],
    cwd: folder,
    env: {
      PATH: `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}`,
      SUPABASE_URL: project.url,
      SUPABASE_SECRET_KEY: project.secretKey,
      MODEL_ENDPOINT: `${project.model.url}/v1/chat/completions`,
      MODEL_API_KEY: "sk-for-the-simulator",
      PIPELINE_ALLOW_PRIVATE_HOSTS: "true",
      NO_COLOR: "1",
    },
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals(code, 0, `${text}\n${decode(stdout)}${decode(stderr)}`);
  return decode(stdout);
}

/** A folder in which the checkout's tasks and samples are found, and files may be written. */
async function makeFolder(): Promise<string> {
  const folder = await Deno.makeTempDir();
  for (const name of ["deno.json", "deno.lock", "scripts", "supabase"]) {
    await Deno.symlink(join(checkout, name), join(folder, name));
  }
  return folder;
}

/** Runs at once what a page has left to pg_cron. */
async function runScheduled({ sql }: Project): Promise<void> {
  const jobs = await sql`
    select command from cron.job where jobname not like 'prompt-pipeline %'
  `;
  for (const { command } of jobs) {
    const before = await sql`select id from pipeline_runs`;
    await sql.unsafe(command);
    assertEquals(
      (await sql`select id from pipeline_runs`).length,
      before.length + 1,
    );
  }
}

for (const page of pages) {
  Deno.test(`every command and statement of ${page} works`, () =>
    withProject(async (project) => {
      // As in a project that has been up for a while.
      await project.sql`select maintain_pipeline()`;
      const folder = await makeFolder();
      const blocks = findFencedBlocks(
        await Deno.readTextFile(join(checkout, page)),
      );
      let run = 0;
      for (const [index, block] of blocks.entries()) {
        if (block.language === "sql") {
          if (block.text.includes("unschedule")) await runScheduled(project);
          const rows = await project.sql.unsafe(block.text);
          // What a page asks for after a run must be there.
          const isQuestion =
            /from (compare_|gate_|rank_|prompt_ev|pipeline_sweep|vault)/.test(
              block.text,
            );
          if (isQuestion) {
            assert(rows.length > 0, `${block.text} finds nothing`);
          }
          run++;
        } else if (block.language === "sh") {
          const output = await runCommands(project, folder, block);
          const next = blocks[index + 1];
          if (next?.language === "text") assertStrictEquals(output, next.text);
          run++;
        }
      }
      assert(run > 0);
      await Deno.remove(folder, { recursive: true });
    }, {
      endpoint: { input_cost: 1, output_cost: 1, max_output_tokens: 1000 },
    }));
}
