import { checkout } from "../../../scripts/local/checkout.ts";
import type { Project } from "./project.ts";

export interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

/** Starts `deno task pipeline` with these arguments, in a pipe. */
export function startPipeline(
  project: Project,
  args: string[],
  env: Record<string, string> = {},
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "scripts/pipeline.ts", ...args],
    cwd: checkout,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: {
      SUPABASE_URL: project.url,
      SUPABASE_SECRET_KEY: project.secretKey,
      PIPELINE_ALLOW_PRIVATE_HOSTS: "true",
      ...env,
    },
  }).spawn();
}

/** Runs it with this standard input to its end. */
export async function pipeline(
  project: Project,
  args: string[],
  input = "",
  env?: Record<string, string>,
): Promise<Output> {
  const child = startPipeline(project, args, env);
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}
