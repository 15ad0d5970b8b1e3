import { join } from "node:path";
import { parseArgs } from "node:util";
import { askOnce } from "./deploy/ask_once.ts";
import {
  planDeployment,
  readTarget,
  toCommandLine,
} from "./deploy/deployment_plan.ts";
import { findOtherMigrations } from "./deploy/other_migrations.ts";
import { supabaseFolder } from "./local/checkout.ts";
import { PipelineError } from "../supabase/functions/_shared/errors.ts";
import { openTerminal } from "./pipeline/terminal.ts";

const USAGE =
  `Bring the pipeline into a hosted Supabase project that has no migrations of its own.

Usage: deno task deploy PROJECT_REF [options]
       deno task deploy POOLER_URL [options]

A network without IPv6 needs the pooler's URL, as the dashboard shows it under Connect. A project with a
history gets the pipeline by: deno task pipeline add DIR

  --worker-seconds N   how long a worker goes on claiming: 50 by default, 140 on paid plans
  --yes                ask nothing, as SUPABASE_YES=true does; without a terminal one of them is needed
  --dry-run            show each command and run none
  --help

It asks once before it changes the project. The Supabase CLI asks who you are unless it knows;
SUPABASE_ACCESS_TOKEN answers that in advance. A command that fails ends the deployment; repeating it is harmless.

Exit code: 0 done, 1 a command failed or the answer was no, 2 wrong usage.

Example:
  deno task deploy abcdefghijklmnopqrst --dry-run`;

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      "worker-seconds": { type: "string" },
      yes: { type: "boolean" },
      "dry-run": { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help || positionals.length !== 1) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const seconds = values["worker-seconds"];
  const target = readTarget(positionals[0]);
  const workerSeconds = seconds === undefined ? undefined : Number(seconds);
  const planned = planDeployment({ target, workerSeconds });
  const isMeant = values["dry-run"] || askOnce(
    `Apply migrations and deploy functions to project ${target.projectRef}?`,
    {
      yes: values.yes,
      environment: Deno.env.toObject(),
      isTerminal: Deno.stdin.isTerminal(),
      ask: confirm,
    },
  );
  if (!isMeant) return 1;
  if (!values["dry-run"]) {
    target.database = await withPassword(target.database);
    const others = await findOtherMigrations(
      target.database,
      join(supabaseFolder, "migrations"),
    );
    if (others.length > 0) {
      console.error(
        `Cannot deploy to ${target.projectRef}: it has ${others.length} migrations of its own (${
          others.slice(0, 3).join(", ")
        }${
          others.length > 3 ? ", …" : ""
        }), and nothing was changed. Put the pipeline into the folder that they come from: deno task pipeline add DIR --remote ${target.projectRef}`,
      );
      return 1;
    }
  }
  const steps = values["dry-run"]
    ? planned
    : planDeployment({ target, workerSeconds });
  for (const step of steps) {
    console.log(`# ${step.purpose}\n${toCommandLine(step)}`);
    if (values["dry-run"]) continue;
    const { success } = await new Deno.Command(step.command, {
      args: step.args,
      env: { SUPABASE_YES: "true" },
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

/** A URL without its password is completed once, or the CLI would ask for it at each command. */
async function withPassword(database: string): Promise<string> {
  if (!URL.canParse(database)) return database;
  const url = new URL(database);
  if (url.password !== "") return database;
  url.password = Deno.env.get("SUPABASE_DB_PASSWORD") ??
    await openTerminal(Deno.env.toObject()).askHidden(
      "Password of the database:",
    ) ?? "";
  return url.href;
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  const isFailure = error instanceof PipelineError;
  if (!isFailure && !(error instanceof TypeError)) throw error;
  console.error(error.message);
  Deno.exit(isFailure ? 1 : 2);
}
