// The npm package, from its tarball, in a project that has nothing else.

import {
  Client,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { basename, join } from "node:path";
import { packPackage } from "../../../scripts/package/pack_package.ts";
import { type Project, withProject } from "../e2e/project.ts";

const TYPESCRIPT = ["-y", "-p", "typescript@5.9.3", "tsc", "--strict"];

const PROGRAM = `
import { promptPipelineTool, type ToolInput } from "prompt-pipeline";

const input: ToolInput<"extract_prompts"> = {
  operation: "extract_prompts",
  dataSource: { type: "local", directory: "archives" },
  maxPrompts: 1,
};
const { prompts, errors } = await promptPipelineTool.execute(input);
const first: string = prompts[0].text;
// @ts-expect-error a text is no number
const count: number = errors[0]?.message ?? first;
console.log(count, errors.length);
`;

const FILES = {
  "package.json": '{"type": "module", "private": true}',
  "program.ts": PROGRAM,
  "archives/a.jsonl": JSON.stringify({
    messages: [{ role: "user", content: "Name a sea." }],
  }),
  "my-app/supabase/config.toml": 'project_id = "my-app" # mine\n',
};

interface Said {
  code: number;
  stdout: string;
  stderr: string;
}

/** A folder that has installed the tarball, with an empty Supabase project in `my-app`. */
class EmptyProject {
  /** Beside those of this process. */
  env: Record<string, string> = { NO_COLOR: "1" };

  constructor(readonly folder: string, readonly tarball: string) {}

  async run(command: string, args: string[]): Promise<Said> {
    const { code, stdout, stderr } = await new Deno.Command(command, {
      args,
      cwd: this.folder,
      env: this.env,
      stdin: "null",
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  }

  async expect(command: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, args);
    assertEquals(code, 0, `${args.join(" ")}\n${stdout}${stderr}`);
    return stdout.trim();
  }

  get program(): string {
    return join(this.folder, "node_modules/.bin/prompt-pipeline");
  }

  pipeline(...args: string[]): Promise<string> {
    return this.expect(this.program, ...args);
  }
}

async function install(): Promise<EmptyProject> {
  const folder = await Deno.makeTempDir();
  for (const [name, text] of Object.entries(FILES)) {
    const file = join(folder, name);
    await Deno.mkdir(join(file, ".."), { recursive: true });
    await Deno.writeTextFile(file, text);
  }
  const empty = new EmptyProject(folder, await packPackage(folder));
  await empty.expect(
    "npm",
    "install",
    "--no-audit",
    "--no-fund",
    empty.tarball,
  );
  return empty;
}

Deno.test("the npm package works from its tarball, under Node, Deno and TypeScript", async () => {
  const empty = await install();
  assert((await Deno.stat(empty.tarball)).size < 2_000_000);
  await runProgram(empty);
  await readHelp(empty);
  await empty.pipeline("add", "my-app");
  await withProject((project) => walk(empty, project), {
    project: join(empty.folder, "my-app", "supabase"),
  });
  await Deno.remove(empty.folder, { recursive: true });
});

async function runProgram(empty: EmptyProject): Promise<void> {
  const tsc = (...options: string[]) =>
    empty.expect("npx", ...TYPESCRIPT, ...options, "program.ts");
  await tsc("--module", "node16", "--target", "es2022", "--outDir", "out");
  await tsc(
    ...["--module", "esnext", "--target", "es2022", "--noEmit"],
    ...["--moduleResolution", "bundler"],
  );
  assertEquals(await empty.expect("node", "out/program.js"), "Name a sea. 0");
  assertEquals(
    await empty.expect(Deno.execPath(), "run", "-A", "program.ts"),
    "Name a sea. 0",
  );
}

async function readHelp(empty: EmptyProject): Promise<void> {
  const help = await empty.expect(
    "npm",
    ...["exec", "--yes", "--package", `./${basename(empty.tarball)}`],
    ...["--", "prompt-pipeline", "--help"],
  );
  assertMatch(help, /^Usage: npx prompt-pipeline <command>/);
  assert(!help.includes("deno task pipeline"), help);
  const { code, stderr } = await empty.run(empty.program, ["dev"]);
  assertEquals(code, 2);
  assertMatch(stderr, /in a clone of prompt-pipeline, as `deno task dev`/);
}

/** What its command line does with a project that has nothing but what `add` has put there. */
async function walk(empty: EmptyProject, project: Project): Promise<void> {
  empty.env = {
    ...empty.env,
    SUPABASE_URL: project.url,
    SUPABASE_SECRET_KEY: project.secretKey,
  };
  await empty.pipeline("upload", "archives", "chats/");
  const run = ["run", "chats/", "--endpoint", "model", "--json"];
  const { code, stdout, stderr } = await empty.run(empty.program, run);
  // Nothing of a bundled package says anything, such as that this Node is old.
  assertEquals([code, stderr.includes("Node.js")], [0, false], stdout + stderr);
  const [row] = (await empty.pipeline("export", "1")).split("\n");
  assertEquals(JSON.parse(row).prompt, "Name a sea.");
  assertMatch(await empty.pipeline("show", "1"), /completed/);

  const client = new Client({ name: "test", version: "1" });
  await client.connect(
    new StreamableHTTPClientTransport(
      new URL(`${project.url}/functions/v1/prompt-pipeline/mcp`),
      { requestInit: { headers: { apikey: project.secretKey } } },
    ),
  );
  const { contents: [result] } = await client.readResource({
    uri: "prompt-pipeline://runs/1",
  });
  assert("text" in result);
  assertEquals(JSON.parse(result.text).succeeded, 1);
  await client.close();
  await lookAtDashboard(empty);
}

async function lookAtDashboard({ program, env }: EmptyProject): Promise<void> {
  const dashboard = new Deno.Command(program, {
    args: ["view", "--no-open", "--port", "0"],
    env,
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = dashboard.stdout.getReader();
  const { value } = await reader.read();
  const address = new TextDecoder().decode(value).trim();
  assertMatch(await (await fetch(address)).text(), /<!doctype html>/);
  const script = await fetch(new URL("dashboard.js", address));
  assert((await script.text()).length > 10_000);
  dashboard.kill("SIGINT");
  assertEquals((await dashboard.status).code, 0);
  await reader.cancel();
}
