import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { parse } from "yaml";
import { checkout } from "../../../scripts/local/checkout.ts";
import { runCompositeAction } from "../../../scripts/test/composite_action.ts";
import { findFencedBlocks } from "../../../scripts/test/fenced_blocks.ts";
import { createGithubApi } from "../../../scripts/test/github_api.ts";
import { withProject } from "../e2e/project.ts";
import { storeExperiment } from "../e2e/store_experiment.ts";

const action = join(checkout, "action.yml");
const onPullRequest = { event: { pull_request: { number: 7 } } };

Deno.test("the action gates, writes the summary and one comment, and ends as the gate says", () =>
  withProject(async (project) => {
    const github = createGithubApi("ghs_job");
    await using server = Deno.serve({ port: 0, onListen() {} }, github.handle);
    const folder = await Deno.makeTempDir();
    const run = (inputs: Record<string, string>, event: object) =>
      runCompositeAction(action, {
        inputs: {
          "supabase-url": project.url,
          "supabase-secret-key": project.secretKey,
          ...inputs,
        },
        context: { token: "ghs_job", ...event },
        environment: {
          PIPELINE_ALLOW_PRIVATE_HOSTS: "true",
          // As on an Enterprise server.
          GITHUB_GRAPHQL_URL:
            `http://127.0.0.1:${server.addr.port}/api/graphql`,
          GITHUB_SERVER_URL: "https://git.example",
          GITHUB_REPOSITORY: "octo/app",
          GITHUB_RUN_ID: "1234",
        },
        folder,
      });
    try {
      await storeExperiment(project, "before", { prompts: 200 });
      await storeExperiment(project, "as good", { prompts: 200 });
      await storeExperiment(project, "worse", {
        prompts: 200,
        failed: [1, 2, 3],
      });
      const passed = await run(
        { baseline: "before", candidate: "as good" },
        onPullRequest,
      );
      assertEquals([passed.code, passed.outputs.verdict], [0, "pass"]);
      assertMatch(passed.summary, /^### Gate: ✅ pass/);
      assertEquals(github.comments.length, 1);

      await Deno.writeTextFile(
        join(folder, "gate policy.json"),
        '{"maxNewlyFailed": 0}',
      );
      const failed = await run(
        {
          baseline: "before",
          candidate: "worse",
          policy: "gate policy.json",
          junit: "reports/gate.xml",
        },
        onPullRequest,
      );
      assertEquals([failed.code, failed.outputs.verdict], [1, "regression"]);
      assertMatch(
        await Deno.readTextFile(join(folder, "reports/gate.xml")),
        /failures="1"/,
      );
      // The same comment, with what the summary says.
      assertEquals(github.comments.length, 1);
      const [{ body }] = github.comments;
      assert(body.includes(failed.summary), body);
      assert(body.startsWith("<!-- prompt-pipeline gate: gate -->\n"), body);
      assert(body.includes("https://git.example/octo/app/actions/runs/1234"));

      // From a fork, with a name that is written wrongly and like a command.
      github.mayWrite = false;
      const wrong = await run(
        { baseline: "before", candidate: '"; exit 0; $(touch forged) "' },
        onPullRequest,
      );
      assertEquals([wrong.code, wrong.outputs.verdict], [2, "error"]);
      // The runner obeys no line of the gate's, and the comment's warning again.
      assertMatch(
        wrong.log,
        /^::stop-commands::([0-9a-f]{32})\n[^]*Cannot find experiment ""; exit 0[^]*\n::\1::\n::warning /,
      );
      assertMatch(wrong.log, /::warning [^]*Resource not accessible by integ/);
      assertMatch(wrong.summary, /no verdict/);
      assertEquals(github.comments[0].body, body);
      assert(
        !Array.from(Deno.readDirSync(folder)).some(({ name }) =>
          name === "forged"
        ),
      );

      // A run on a push, which is waited for.
      const prompts = [1, 2].map((n) => ({
        key: `k${n}`,
        text: `prompt ${n}`,
      }));
      const id = await project.startRun(
        { type: "prompts", prompts },
        { experiment_name: "two prompts" },
      );
      await storeExperiment(project, "two before", { prompts: 2 });
      await Deno.writeTextFile(
        join(folder, "success.json"),
        '{"evaluators": {"success": {}}}',
      );
      const undecided = await run(
        {
          baseline: "two before",
          candidate: `run:${id}`,
          policy: "success.json",
          "allow-undecided": "true",
        },
        { event: {} },
      );
      assertEquals(
        [undecided.code, undecided.outputs.verdict],
        [0, "undecided"],
        undecided.log,
      );
      assertMatch(undecided.log, /No comment: this is not a pull request/);

      await Deno.writeTextFile(
        join(folder, "two.prompts.jsonl"),
        prompts.map((prompt) => JSON.stringify(prompt)).join("\n"),
      );
      await Deno.writeTextFile(
        join(folder, "short.txt"),
        "{{prompt}} Be short.",
      );
      const swept = await run(
        {
          sweep: `./two.prompts.jsonl
--name=pr 7
--endpoint=model
--template=@short.txt
`,
          baseline: "two before",
          candidate: "pr 7/short",
          policy: "success.json",
        },
        { event: {} },
      );
      assertEquals(
        [swept.code, swept.outputs.verdict],
        [3, "undecided"],
        swept.log,
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }));

Deno.test("the workflow of the page on gates gives the action what it takes", async () => {
  const page = await Deno.readTextFile(
    join(checkout, "docs/how-to/gate-in-ci.md"),
  );
  const { inputs } = parse(await Deno.readTextFile(action));
  const workflows = findFencedBlocks(page)
    .filter(({ language }) => language === "yaml")
    .map(({ text }) => parse(text));
  const uses = workflows.flatMap(({ jobs }) =>
    Object.values(jobs as Record<string, { steps: { with?: object }[] }>)
      .flatMap(({ steps }) => steps)
      .filter((step) => step.with && "baseline" in step.with)
  );
  assert(uses.length > 0);
  for (const { with: given = {} } of uses) {
    const names = Object.keys(given);
    assertEquals(names.filter((name) => !(name in inputs)), []);
    const required = Object.entries(
      inputs as Record<string, { required?: true }>,
    )
      .filter(([, { required }]) => required).map(([name]) => name);
    assertEquals(required.filter((name) => !names.includes(name)), []);
  }
});
