import { parseArgs } from "node:util";
import { systemClock } from "../supabase/functions/_shared/queue/system_clock.ts";
import { askOnce } from "./deploy/ask_once.ts";
import { askSupabaseCli } from "./moving_in/supabase_cli.ts";
import { HOSTED_CHECKS } from "./hosted_check/checks.ts";
import { tellOutcomes } from "./hosted_check/tell_outcomes.ts";

const USAGE =
  `Look at what could only be read about hosted Supabase, on a project of your own.

Usage: deno task hosted-check PROJECT_REF [options]

Ten checks: the deployment, pg_cron, DNS, keys, doctor, tags of objects, limits of roles, isolates and
advisors. It deploys the pipeline to the project, makes a bucket and, with --endpoint, a run of three
prompts, and removes both.

  --endpoint NAME   an endpoint of the project that may be called
  --yes             ask nothing, as SUPABASE_YES=true does
  --help

Reads SUPABASE_SECRET_KEY, SUPABASE_ACCESS_TOKEN (for the Supabase CLI) and, where the project still
has one, SUPABASE_SERVICE_ROLE_KEY.

Exit code: 0 all is as expected, 3 something is otherwise, 2 wrong usage.`;

async function main(args: string[]): Promise<number> {
  const { values, positionals: [ref, ...others] } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      endpoint: { type: "string" },
      yes: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  const environment = Deno.env.toObject();
  const secretKey = environment.SUPABASE_SECRET_KEY;
  if (values.help || !/^[a-z]{20}$/.test(ref ?? "") || others.length > 0) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  if (!secretKey) {
    console.error(
      "Cannot look at the project: SUPABASE_SECRET_KEY is not set; the dashboard shows it under API keys",
    );
    return 2;
  }
  const isMeant = askOnce(
    `Deploy the pipeline to project ${ref} and try it there?`,
    {
      yes: values.yes,
      environment,
      isTerminal: Deno.stdin.isTerminal(),
      ask: confirm,
    },
  );
  if (!isMeant) return 1;
  return await tellOutcomes(HOSTED_CHECKS, {
    ref,
    url: `https://${ref}.supabase.co`,
    secretKey,
    legacyKey: environment.SUPABASE_SERVICE_ROLE_KEY,
    endpoint: values.endpoint,
    fetch,
    clock: systemClock,
    cli: (...args) => askSupabaseCli(ref, args),
  }, console.log);
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  console.error(error.message);
  Deno.exit(2);
}
