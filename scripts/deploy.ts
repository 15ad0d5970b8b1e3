import { parseArgs } from "node:util";
import { planDeployment, toCommandLine } from "./deploy/deployment_plan.ts";

const USAGE = `Bring the pipeline into a hosted Supabase project.

Usage: deno task deploy PROJECT_REF [options]

  --worker-seconds N   how long a worker goes on claiming: 50 by default, 140 on paid plans
  --dry-run            show each command and run none
  --help

The Supabase CLI asks for what it needs; SUPABASE_ACCESS_TOKEN and SUPABASE_DB_PASSWORD answer it in
advance. A command that fails ends the deployment; repeating it is harmless.

Exit code: 0 done, 1 a command failed, 2 wrong usage.

Example:
  deno task deploy abcdefghijklmnopqrst --dry-run`;

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      "worker-seconds": { type: "string" },
      "dry-run": { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help || positionals.length !== 1) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const seconds = values["worker-seconds"];
  const steps = planDeployment({
    projectRef: positionals[0],
    workerSeconds: seconds === undefined ? undefined : Number(seconds),
  });
  for (const step of steps) {
    console.log(`# ${step.purpose}\n${toCommandLine(step)}`);
    if (values["dry-run"]) continue;
    const { success } = await new Deno.Command(step.command, {
      args: step.args,
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
    }).spawn().status;
    if (!success) {
      console.error(
        `Cannot go on: "${
          toCommandLine(step)
        }" failed. Mend it and repeat deno task deploy`,
      );
      return 1;
    }
  }
  if (!values["dry-run"]) {
    console.log(
      "Deployed. Check it with SUPABASE_URL and SUPABASE_SECRET_KEY set: deno task pipeline doctor",
    );
  }
  return 0;
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  console.error(error.message);
  Deno.exit(2);
}
