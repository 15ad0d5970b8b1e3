import { assertEquals, assertMatch } from "@std/assert";
import { HOSTED_CHECKS } from "../../../scripts/hosted_check/checks.ts";
import type { HostedProject } from "../../../scripts/hosted_check/hosted_project.ts";
import { tellOutcomes } from "../../../scripts/hosted_check/tell_outcomes.ts";
import { type Project, withProject } from "../e2e/project.ts";

/** What the Supabase CLI would do, on the embedded project. */
async function runCli({ sql }: Project, args: string[]): Promise<string> {
  switch (args.slice(0, 2).join(" ")) {
    case "db push":
    case "functions deploy":
      return "";
    case "functions list":
      return JSON.stringify({
        functions: [{ slug: "run-pipeline", verify_jwt: false }],
      });
    case "db advisors":
      return JSON.stringify({ results: [] });
    case "db query":
      return JSON.stringify(
        await sql.unsafe(args.find((arg) => arg.startsWith("select"))!),
      );
    default:
      throw new Error(`There is no ${args.join(" ")}`);
  }
}

Deno.test("hosted-check tells ten outcomes and leaves nothing behind", () =>
  withProject(async (project) => {
    const lines: string[] = [];
    const hosted: HostedProject = {
      ref: "a".repeat(20),
      url: project.url,
      secretKey: project.secretKey,
      endpoint: "model",
      fetch,
      clock: {
        now: Date.now,
        wait: (ms) => new Promise((go) => setTimeout(go, Math.min(ms, 1_500))),
      },
      cli: (...args) => runCli(project, args),
    };
    // What isolates are judged by, which a run of the check takes away with it.
    await project.untilOver(
      await project.startRun({ type: "prompts", prompts: ["one"] }),
    );
    const before = await count(project);
    await tellOutcomes(HOSTED_CHECKS, hosted, (line) => lines.push(line));
    const text = lines.join("\n");
    assertEquals(lines.length, 10);
    assertEquals(
      lines.filter((line) => !line.startsWith("ok")),
      [],
      text,
    );
    assertMatch(text, /the run is completed/);
    assertMatch(text, /forged key: 401/);
    assertEquals(await count(project), before);

    const broken = {
      ...hosted,
      cli: () => Promise.reject(new Error("no CLI")),
    };
    lines.length = 0;
    assertEquals(
      await tellOutcomes(HOSTED_CHECKS, broken, (line) => lines.push(line)),
      3,
    );
    assertMatch(lines.join("\n"), /LOOK.*migrations.*\n.*no CLI/);
    assertEquals(lines.length, 10);
  }));

/** What the checks could leave behind. */
async function count({ sql }: Project): Promise<unknown> {
  const [row] = await sql`
    select
      (select count(*) from storage.buckets)::integer as buckets,
      (select count(*) from pipeline_runs)::integer as runs,
      (select count(*) from prompt_evaluations)::integer as evaluations
  `;
  return { ...row };
}
