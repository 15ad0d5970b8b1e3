// The npm package, from its tarball, in a project that has nothing else.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { packPackage } from "../../../scripts/package/pack_package.ts";
import { type Project, withProject } from "./project.ts";

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

interface Said {
  code: number;
  stdout: string;
  stderr: string;
}

/** An empty project that has installed the tarball. */
class EmptyProject {
  constructor(readonly folder: string, readonly env: Record<string, string>) {}

  async run(command: string, args: string[]): Promise<Said> {
    const { code, stdout, stderr } = await new Deno.Command(command, {
      args,
      cwd: this.folder,
      env: { ...this.env, NO_COLOR: "1" },
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

  pipeline(...args: string[]): Promise<string> {
    return this.expect("node_modules/.bin/prompt-pipeline", ...args);
  }
}

async function install(project: Project): Promise<EmptyProject> {
  const folder = await Deno.makeTempDir();
  const tarball = await packPackage(folder);
  const empty = new EmptyProject(folder, {
    SUPABASE_URL: project.url,
    SUPABASE_SECRET_KEY: project.secretKey,
  });
  await Deno.writeTextFile(
    join(folder, "package.json"),
    '{"type": "module", "private": true}',
  );
  await Deno.mkdir(join(folder, "archives"));
  await Deno.writeTextFile(
    join(folder, "archives", "a.jsonl"),
    JSON.stringify({ messages: [{ role: "user", content: "Name a sea." }] }),
  );
  await empty.expect("npm", "install", "--no-audit", "--no-fund", tarball);
  return empty;
}

Deno.test("the npm package works from its tarball, under Node, Deno and TypeScript", () =>
  withProject(async (project) => {
    const empty = await install(project);
    const { folder } = empty;

    await Deno.writeTextFile(join(folder, "program.ts"), PROGRAM);
    const tsc = (...options: string[]) =>
      empty.expect("npx", ...TYPESCRIPT, ...options, "program.ts");
    await tsc("--module", "node16", "--target", "es2022", "--outDir", "out");
    await tsc(
      ...["--module", "esnext", "--target", "es2022", "--noEmit"],
      ...["--moduleResolution", "bundler"],
    );
    const said = "Name a sea. 0";
    assertEquals(await empty.expect("node", "out/program.js"), said);
    assertEquals(
      await empty.expect(Deno.execPath(), "run", "-A", "program.ts"),
      said,
    );

    await walk(empty);
    await Deno.remove(folder, { recursive: true });
  }));

/** What its command line says of a project. */
async function walk(empty: EmptyProject): Promise<void> {
  const { folder } = empty;
  const [tarball] = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.endsWith(".tgz"));
  const help = await empty.expect(
    "npm",
    ...["exec", "--yes", "--package", `./${tarball}`],
    ...["--", "prompt-pipeline", "--help"],
  );
  assertMatch(help, /^Usage: npx prompt-pipeline <command>/);
  assert(!help.includes("deno task pipeline"), help);

  await empty.pipeline("upload", "archives", "chats/");
  await empty.pipeline("run", "chats/", "--endpoint", "model");
  const [row] = (await empty.pipeline("export", "1")).split("\n");
  assertEquals(JSON.parse(row).prompt, "Name a sea.");
  assertMatch(await empty.pipeline("extract", "archives"), /Name a sea/);
  assertMatch(await empty.pipeline("show", "1"), /completed/);

  const dev = await empty.run("node_modules/.bin/prompt-pipeline", ["dev"]);
  assertEquals(dev.code, 2);
  assertMatch(dev.stderr, /in a clone of prompt-pipeline, as `deno task dev`/);

  const dashboard = new Deno.Command("node_modules/.bin/prompt-pipeline", {
    args: ["view", "--no-open", "--port", "0"],
    cwd: folder,
    env: empty.env,
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
  await reader.cancel();
  assertEquals((await dashboard.status).code, 0);
}
