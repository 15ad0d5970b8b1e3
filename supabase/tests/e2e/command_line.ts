import { checkout } from "../../../scripts/local/checkout.ts";
import { main } from "../../../scripts/pipeline/main.ts";
import type { Project } from "./project.ts";

export interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

/** What is known of a project. */
type Address = Pick<Project, "url" | "secretKey">;

const environmentOf = (project: Address) => ({
  SUPABASE_URL: project.url,
  SUPABASE_SECRET_KEY: project.secretKey,
  PIPELINE_ALLOW_PRIVATE_HOSTS: "true",
});

/**
 * `deno task pipeline` with these arguments and this standard input, in this process: to start it as a
 * program takes a second. Not for `extract`, which writes to the standard output of its process.
 */
export async function pipeline(
  project: Address,
  args: string[],
  input = "",
  env: Record<string, string> = {},
): Promise<Output> {
  const output = { stdout: "", stderr: "" };
  const code = await main(args, {
    environment: { ...environmentOf(project), ...env },
    fetch,
    print: (line) => output.stdout += `${line}\n`,
    complain: (line) => output.stderr += `${line}\n`,
    update: () => {},
    isLive: false,
    columns: 80,
    readInput: () => Promise.resolve(input),
    askHidden: () => Promise.resolve(null),
    confirm: () => Promise.resolve(null),
    interrupted: () => new Promise(() => {}),
  });
  return { code, ...output };
}

/** Starts `deno task pipeline` as a program, in a pipe. */
export function startPipeline(
  project: Address,
  args: string[],
  env: Record<string, string> = {},
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "scripts/pipeline.ts", ...args],
    cwd: checkout,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { ...environmentOf(project), ...env },
  }).spawn();
}

/** Runs it as a program with this standard input to its end. */
export async function pipelineProgram(
  project: Address,
  args: string[],
  input = "",
): Promise<Output> {
  const child = startPipeline(project, args);
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}
