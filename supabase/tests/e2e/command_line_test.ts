import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { pipeline, pipelineProgram, startPipeline } from "./command_line.ts";
import { numberedPrompts, withProject } from "./project.ts";

const jsonLines = (text: string) =>
  text.trim().split("\n").map((line) => JSON.parse(line));

Deno.test("the command line uploads, runs, shows, exports and compares", () =>
  withProject(async (project) => {
    const upload = () =>
      pipeline(project, [
        "upload",
        "scripts/demo/archives",
        "chats/2026",
        "--json",
      ]);
    const first = await upload();
    assertEquals(first.code, 0, first.stderr);
    assertEquals(
      jsonLines(first.stdout).map(({ path, outcome }) => [path, outcome]),
      ["chatgpt.json", "claude.json", "messages.jsonl"]
        .map((name) => [`2026/${name}`, "uploaded"]),
    );
    const second = await upload();
    assert(
      jsonLines(second.stdout).every(({ outcome }) =>
        outcome === "already there"
      ),
    );

    const sent = await pipeline(project, [
      "extract",
      "scripts/demo/archives",
      "--upload",
      "chats/by-extract",
    ]);
    assertEquals(sent.code, 0, sent.stderr);
    const { data: objects } = await project.client.storage.from("chats")
      .list("by-extract");
    assertEquals(
      objects!.map(({ name }) => name),
      ["chatgpt.json", "claude.json", "messages.jsonl"],
    );

    const ran = await pipeline(project, [
      "run",
      "chats/2026/",
      "--endpoint",
      "model",
      "--experiment",
      "old",
      "--max-prompts",
      "5",
      "--json",
    ]);
    assertEquals(
      [ran.code, JSON.parse(ran.stdout).succeeded],
      [0, 5],
      ran.stderr,
    );
    const again = await pipeline(project, [
      "run",
      "run:1",
      "--url",
      `${project.model.url}/v1/chat/completions`,
      "--model",
      "other",
      "--header",
      "Authorization: Bearer sk-abcdefgh",
      "--experiment",
      "new",
    ]);
    assertEquals(again.code, 0, again.stderr);
    assertMatch(again.stdout, /Run 2 is completed: 5 succeeded, 0 failed/);

    const shown = await pipeline(project, ["show", "1"]);
    assertMatch(shown.stdout, /status +completed/);
    const listed = await pipeline(project, ["list", "--json"]);
    assertEquals(
      JSON.parse(listed.stdout).map(({ id }: { id: number }) => id),
      [2, 1],
    );
    assertMatch(
      (await pipeline(project, ["list"])).stdout,
      /id +experiment +kind +model/,
    );
    const exported = await pipeline(project, ["export", "1"]);
    assertEquals(jsonLines(exported.stdout).length, 5);
    const csv = await pipeline(project, ["export", "old", "--format", "csv"]);
    assertMatch(csv.stdout, /^id,run_id,prompt_key,prompt,/);
    const compared = await pipeline(project, [
      "compare",
      "old",
      "new",
      "--json",
    ]);
    assertEquals(JSON.parse(compared.stdout).comparison[0].pairs, 5);
    const nowhere = await pipeline(project, ["compare", "old", "newer"]);
    assertEquals(nowhere.code, 1);
    assertMatch(nowhere.stderr, /no experiment|"newer".*"new", "old"/);
    assertEquals((await pipeline(project, ["export", "99"])).code, 1);
    const followed = await pipeline(project, ["follow", "1"]);
    assertEquals([followed.code, followed.stdout], [
      0,
      "Run 1 is completed: 5 succeeded, 0 failed\n",
    ]);
  }));

Deno.test("the command line runs a folder with names that Storage refuses", () =>
  withProject(async (project) => {
    const folder = await Deno.makeTempDir();
    try {
      const line = (content: string) =>
        JSON.stringify({ messages: [{ role: "user", content }] });
      const names = ["100%.jsonl", "Gespräche März.jsonl", "ok.jsonl"];
      for (const name of names) {
        await Deno.writeTextFile(join(folder, name), line(name));
      }
      await Deno.symlink(join(folder, "gone"), join(folder, "nowhere.jsonl"));
      const run = async (code: number) => {
        const ran = await pipeline(project, [
          "run",
          folder,
          "--endpoint",
          "model",
          "--json",
        ]);
        assertEquals(ran.code, code, ran.stderr);
        return { ...JSON.parse(ran.stdout), stderr: ran.stderr };
      };
      const first = await run(3);
      assertMatch(first.stderr, /nowhere\.jsonl/);
      assertEquals(first.succeeded, 3);
      const sources = await project.sql`
        select prompts.source from pipeline.prompts order by text`;
      assertEquals(
        sources.map(({ source }) =>
          (source.originalPath ?? source.path).split("/").at(-1)
        ),
        names,
      );
      // As large as before.
      await Deno.writeTextFile(
        join(folder, names[1]),
        line("Edited März.jsonl "),
      );
      await Deno.remove(join(folder, "nowhere.jsonl"));
      const { runId } = await run(0);
      const edited = await project.sql`
        select 1 from pipeline.prompts where text like 'Edited%'`;
      assertEquals([runId, edited.length], [2, 1]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }));

Deno.test("execute and store work in a pipe, secrets and endpoints by name", () =>
  withProject(async (project) => {
    const prompts = ['"one"', '{"text": "two"}'].join("\n");
    const executed = await pipelineProgram(project, [
      "execute",
      "-",
      "--url",
      `${project.model.url}/v1/chat/completions`,
      "--model",
      "simulated",
    ], prompts);
    assertEquals(executed.code, 0, executed.stderr);
    assertEquals(
      jsonLines(executed.stdout).map(({ response }) => response),
      ["You said: one", "You said: two"],
    );
    const stored = await pipelineProgram(
      project,
      ["store", "-", "--experiment", "piped", "--tag", "a"],
      executed.stdout,
    );
    assertEquals(JSON.parse(stored.stdout).stored, 2);

    const key = "sk-only-for-the-simulator";
    assertEquals(
      (await pipeline(project, ["secret", "set", "MODEL_KEY"], `${key}\n`))
        .code,
      0,
    );
    const added = await pipeline(project, [
      "endpoint",
      "add",
      "mine",
      `${project.model.url}/v1/chat/completions`,
      "--model",
      "simulated",
      "--header",
      "Authorization: Bearer {{secret:MODEL_KEY}}",
    ]);
    assertEquals(added.code, 0, added.stderr);
    const tested = await pipeline(project, ["endpoint", "test", "mine", "Hi"]);
    assertEquals(tested.code, 0, tested.stderr);
    assertMatch(
      tested.stdout,
      /Body: .*Hi[^]*Response: [^]*"text": "You said: Hi"/,
    );
    assert(!tested.stdout.includes(key), "the key is not shown");
    assertMatch((await pipeline(project, ["endpoint", "list"])).stdout, /mine/);
    const clear = await pipeline(project, [
      "endpoint",
      "add",
      "bad",
      "https://model.example",
      "--header",
      "Authorization: Bearer sk-abcdefgh12345",
    ]);
    assertEquals(clear.code, 1);
    assertMatch(clear.stderr, /secret:MY_KEY/);
  }));

Deno.test("endpoints say what users may choose, and are replaced whole", () =>
  withProject(async (project) => {
    const endpoint = async (...args: string[]) => {
      const { code, stderr } = await pipeline(project, ["endpoint", ...args]);
      assertEquals(code, 0, stderr);
      const [row] = await project.sql`
        select models, open_to_users, user_parameters, user_headers, input_cost, max_output_tokens
        from model_endpoints where name = 'model'
      `;
      return row;
    };
    const models = { small: { input_cost: 0.1, output_cost: 0.4 } };
    const open = await endpoint(
      ...["edit", "model", "--models", JSON.stringify(models)],
      ...[
        "--open-to-users",
        "--user-parameters",
        "reasoning_effort, verbosity",
      ],
      ...["--user-headers", "X-Team", "--max-output-tokens", "900"],
      ...["--input-cost", "1", "--output-cost", "2"],
    );
    assertEquals({ ...open }, {
      models,
      open_to_users: true,
      user_parameters: ["reasoning_effort", "verbosity"],
      user_headers: ["x-team"],
      input_cost: "1",
      max_output_tokens: 900,
    });
    const closed = await endpoint(
      ...["edit", "model", "--no-open-to-users", "--user-headers", ""],
    );
    assertEquals(
      [closed.open_to_users, closed.user_headers, closed.user_parameters],
      [false, [], ["reasoning_effort", "verbosity"]],
    );
    await project.sql`update model_endpoints set retired = true`;
    const replaced = await endpoint(
      ...["add", "model", `${project.model.url}/v1`, "--untested"],
    );
    assertEquals({ ...replaced }, {
      models: {},
      open_to_users: false,
      user_parameters: [],
      user_headers: [],
      input_cost: null,
      max_output_tokens: null,
    });
    const [{ retired }] = await project
      .sql`select retired from model_endpoints where name = 'model'`;
    assertEquals(retired, false);
  }));

Deno.test("Ctrl-C leaves a run running, and pause, resume and cancel steer it", () =>
  withProject(async (project) => {
    project.model.configure({ latency: 300 });
    const id = await project.startRun(
      { type: "prompts", prompts: numberedPrompts(200) },
      { max_concurrency: 5 },
    );
    const child = startPipeline(project, ["follow", String(id)]);
    const stderr = child.stderr.getReader();
    // The first line of progress: it is following now.
    await stderr.read();
    child.kill("SIGINT");
    let said = "";
    for (;;) {
      const { value, done } = await stderr.read();
      if (done) break;
      said += new TextDecoder().decode(value);
    }
    await Promise.all([child.stdin.close(), child.stdout.cancel()]);
    assertEquals((await child.status).code, 130);
    assertMatch(said, new RegExp(`deno task pipeline follow ${id}`));
    assertEquals((await project.run(id)).status, "running");

    const paused = await pipeline(project, ["pause", String(id)]);
    assertEquals(paused.stdout, `Run ${id} is paused\n`);
    const followed = await pipeline(project, ["follow", String(id)]);
    assertEquals(followed.code, 4);
    assertMatch(followed.stderr, /pipeline resume/);
    await pipeline(project, ["resume", String(id)]);
    await pipeline(project, ["cancel", String(id)]);
    assertEquals((await project.run(id)).status, "cancelled");
    const refused = await pipeline(project, ["retry", String(id)]);
    assertEquals(refused.code, 1);
    assertMatch(refused.stderr, /it was cancelled/);
  }));

Deno.test("the command line says what is wrong and how to mend a project", () =>
  withProject(async (project) => {
    const unset = await pipeline(project, ["list"], "", {
      SUPABASE_URL: "",
      SUPABASE_SECRET_KEY: "",
    });
    assertEquals(unset.code, 2);
    assertMatch(unset.stderr, /SUPABASE_URL[^]*SUPABASE_SECRET_KEY/);
    const hostile = await pipelineProgram(project, ["fly\x1b[2J"]);
    assertEquals([hostile.code, hostile.stderr.includes("\x1b")], [2, false]);
    assertEquals((await pipeline(project, ["show"])).code, 2);
    assertEquals((await pipeline(project, ["show", "99"])).code, 1);

    await project.sql`select maintain_pipeline()`;
    const well = await pipeline(project, ["doctor"]);
    assertEquals(well.code, 0, well.stdout);
    assertEquals((await project.sql`select from pipeline_runs`).length, 0);
    await project
      .sql`delete from vault.secrets where name = 'pipeline_project_url'`;
    await project.sql`update model_endpoints set headers = ${
      project.sql.json({ "x-key": "{{secret:GONE}}" })
    }`;
    const ill = await pipeline(project, ["doctor"]);
    assertEquals(ill.code, 3);
    const [, line] = /MEND {2}project URL.*\n +(select .*)\n/.exec(ill.stdout)!;
    assertMatch(ill.stdout, /pipeline secret set GONE/);
    await project.sql.unsafe(line);
    await pipeline(project, ["secret", "set", "GONE"], "x");
    assertEquals((await pipeline(project, ["doctor"])).code, 0);
  }));

Deno.test("the command line shows what a run would cost, stops at a wrong URL and goes on with what is left", () =>
  withProject(async (project) => {
    const dry = async (expected: number, ...args: string[]) => {
      const { code, stdout, stderr } = await pipeline(project, [
        ...args,
        "--dry-run",
        "--endpoint",
        "model",
      ]);
      assertEquals(code, expected, stderr);
      return stdout;
    };
    await project
      .sql`update model_endpoints set input_cost = 1, output_cost = 2`;
    await pipeline(project, ["upload", "scripts/demo/archives", "chats/2026"]);
    const found: string[] = [];
    for (
      const source of [
        ["run", "chats/2026/"],
        ["run", "./scripts/demo/archives"],
        ["extract", "scripts/demo/archives"],
      ]
    ) {
      // One of the records cannot be read.
      const text = await dry(3, ...source);
      assertMatch(text, /^prompts {5}\d+\nfiles {7}3, /);
      assertMatch(text, /\nprice {7}about [\d.e-]+ USD on model: /);
      found.push(/\d+/.exec(text)![0]);
    }
    assertEquals(new Set(found).size, 1);
    assertEquals((await project.sql`select from pipeline_runs`).length, 0);

    // Only the path is wrong: a base would have been completed.
    await using elsewhere = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response("no", { status: 404 }),
    );
    const lost = await pipeline(project, [
      "run",
      "chats/2026/",
      "--url",
      `http://127.0.0.1:${elsewhere.addr.port}/v2/nothing`,
      "--format",
      "openai-chat",
      "--experiment",
      "lost",
    ]);
    assertEquals(lost.code, 4, lost.stdout);
    assertMatch(lost.stderr, /HTTP 404 at http:\S+\/v2\/nothing/);
    const [run] = await project
      .sql`select id, failed from pipeline_runs where experiment_name = 'lost'`;
    assertEquals(Number(run.failed), 0);
    const { stdout: runs } = await pipeline(project, ["list"]);
    assertMatch(runs, new RegExp(`\nRun ${run.id}: .*HTTP 404 at http:`));
    await pipeline(project, ["cancel", String(run.id)]);

    assertMatch(
      await dry(0, "run", `run:${run.id}`, "--only-unanswered"),
      new RegExp(`^prompts {5}${found[0]}\\n`),
    );
    const goOn = [
      "run",
      `run:${run.id}`,
      "--only-unanswered",
      "--endpoint",
      "model",
      "--experiment",
      "lost",
    ];
    const refused = await pipeline(project, goOn);
    assertEquals(refused.code, 1);
    assertMatch(refused.stderr, /has results already/);
    const joined = await pipeline(project, [...goOn, "--join"]);
    assertEquals(joined.code, 0, joined.stderr);
    // More than are added up at a time.
    await project.sql`
      insert into prompt_evaluations (experiment_name, prompt_key, prompt, response, success)
      select 'night ' || n, 'k', 'p', 'r', true from generate_series(1, 250) as n
    `;
    const experiments = await pipeline(project, ["experiments", "--json"]);
    const rows: { experiment_name: string; experiment_cost: number }[] = JSON
      .parse(experiments.stdout);
    const names = rows.map((row) => row.experiment_name);
    assertEquals(names.length, new Set(names).size);
    assertEquals(
      names.filter((name) => name.startsWith("night ")).length,
      250,
    );
    const cost = rows.find((row) => row.experiment_name === "lost")!
      .experiment_cost;
    assert(cost > 0, experiments.stdout);
    const shown = await pipeline(project, ["show", "lost", "--json"]);
    assertEquals(JSON.parse(shown.stdout).experiment_cost, cost);

    const list = join(await Deno.makeTempDir(), "nul.prompts.jsonl");
    await Deno.writeTextFile(list, '{"text": "a"}\n{"text": "b\\u0000"}\n');
    const nul = await pipeline(project, ["run", list, "--endpoint", "model"]);
    assertEquals(nul.code, 2);
    assertMatch(nul.stderr, /line 2: it holds the character 0/);
  }));

Deno.test("every command has a help with an example", async () => {
  const nowhere = { url: "", secretKey: "" };
  const help = async (args: string[]) => {
    const { code, stdout } = await pipeline(nowhere, [...args, "--help"]);
    assertEquals(code, 0);
    return stdout;
  };
  const names = [...(await help([])).matchAll(/^ {2}([a-z]+) {2,}/gm)]
    .map(([, name]) => name);
  assertEquals(names.length, 32);
  for (const name of names) {
    const text = await help([name]);
    assertMatch(text, new RegExp(`deno task pipeline ${name} `));
    assertMatch(text, /Examples?:/);
  }
});
