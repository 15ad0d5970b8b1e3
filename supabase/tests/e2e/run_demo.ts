import { checkout } from "../../../scripts/local/checkout.ts";

/** What a demo has said. */
export interface Said {
  code: number;
  stdout: string;
  stderr: string;
}

/** Starts `deno task demo` in a pipe. */
export function spawnDemo(
  args: string[],
  env: Record<string, string> = {},
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "demo", ...args],
    cwd: checkout,
    // Whoever runs the tests may have set these.
    env: {
      MODEL_ENDPOINT: "",
      MODEL: "",
      OTHER_MODEL: "",
      MODEL_API_KEY: "",
      ...env,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs it to its end. */
export async function runDemo(
  args: string[],
  env?: Record<string, string>,
): Promise<Said> {
  const { code, stdout, stderr } = await spawnDemo(args, env).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}
