import {
  assertEquals,
  assertMatch,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { join } from "node:path";
import { checkout } from "../../../scripts/local/checkout.ts";
import { findFencedBlocks } from "../../../scripts/test/fenced_blocks.ts";
import { createPromptPipelineTool } from "../../../scripts/tool.ts";
import { type Project, withProject } from "./project.ts";

/** The environment that the page docs/tool.md speaks of. */
function environmentOf(project: Project): Record<string, string> {
  return {
    SUPABASE_URL: project.url,
    SUPABASE_SECRET_KEY: project.secretKey,
    MODEL_ENDPOINT: `${project.model.url}/v1/chat/completions`,
    MODEL: "simulated",
    MODEL_API_KEY: "sk-for-the-simulator",
    PIPELINE_ALLOW_PRIVATE_HOSTS: "true",
  };
}

async function runProgram(
  command: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd: checkout,
    env: { ...env, NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals(code, 0, text(stderr));
  return text(stdout).trim();
}

Deno.test("the programs of docs/tool.md run under Node and print what they should", () =>
  withProject(async (project) => {
    const folder = await Deno.makeTempDir();
    const bundle = join(folder, "tool.mjs");
    await runProgram(Deno.execPath(), [
      "bundle",
      "-o",
      bundle,
      "scripts/tool.ts",
    ]);
    const page = await Deno.readTextFile(join(checkout, "docs/tool.md"));
    const printed: string[] = [];
    for (const { language, text } of findFencedBlocks(page)) {
      if (language !== "ts") continue;
      const program = join(folder, "program.mjs");
      await Deno.writeTextFile(
        program,
        text.replace("./scripts/tool.ts", bundle),
      );
      printed.push(
        await runProgram("node", [program], environmentOf(project)),
      );
    }
    assertEquals(printed, [
      "{ successful: 5, stored: 5, errors: [] }",
      "{ runId: 1, status: 'completed', succeeded: 5 }",
      "{ successful: 2, errors: [] }",
      "{ first: 'string', total: 5, errors: [] }",
    ]);
    const stored = await project.sql`
      select count(*)::integer as rows from prompt_evaluations
      where experiment_name = 'three steps' and tags = '{tool}'
    `;
    assertEquals(stored[0].rows, 5);
    const [{ objects }] = await project
      .sql`select count(*)::integer as objects from storage.objects`;
    assertEquals(objects, 3);
    await Deno.remove(folder, { recursive: true });
  }));

Deno.test("README.md shows the first program of docs/tool.md", async () => {
  const firstProgram = async (path: string) =>
    findFencedBlocks(await Deno.readTextFile(join(checkout, path)))
      .find(({ language }) => language === "ts")?.text;
  assertStrictEquals(
    await firstProgram("README.md"),
    await firstProgram("docs/tool.md"),
  );
});

Deno.test("the tool names every variable that is missing, and the code of a refusal", () =>
  withProject(async (project) => {
    const unset = createPromptPipelineTool({ environment: {} });
    const wrong = createPromptPipelineTool({
      remote: { url: project.url, key: "sb_secret_wrong" },
    });
    const input = { operation: "store_results" as const, responses: [] };
    const error = await assertRejects(() => unset.execute(input), Error);
    assertMatch(error.message, /SUPABASE_URL[^]*SUPABASE_SECRET_KEY/);
    assertObjectMatch(await assertRejects(() => wrong.execute(input), Error), {
      code: "unauthorized",
    });
  }));
