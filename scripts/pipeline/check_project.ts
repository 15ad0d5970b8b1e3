import {
  longestCall,
  type WorkerFacts,
} from "../../supabase/functions/_shared/worker_facts.ts";
import { compareVersions } from "../release/compare_versions.ts";
import {
  NEEDED_FUNCTIONS,
  OPERATION_FUNCTIONS,
} from "../project/function_names.ts";

/** What is known of a project: see pipeline_inspect_project() in SQL for most of it. */
export interface ProjectFacts {
  /** The version of its database. */
  version: string;
  /** Version by name of those that are there. */
  extensions: Record<string, string> | null;
  scheduledJobs: string[];
  secondsSinceMaintenance: number | null;
  projectUrl: string | null;
  /** The project URL leads to another project, as three wakes in a row have shown. */
  isForeign: boolean;
  /** Of the last hour. */
  wakes: { sent: number; started: number };
  /** What wakes of the last hour were answered that started nobody. */
  answers: { status: number | null; calls: number; error: string | null }[];
  missingGrants: string[];
  /** What functions answer to an empty call, by their name. */
  functions: Record<string, FunctionAnswer>;
  /** What a worker knows of itself, or what it answered instead. */
  worker: WorkerFacts | FunctionAnswer;
  missingSecrets: string[];
  /** Seconds that a call to an endpoint may take, by its name. */
  timeouts: Record<string, number>;
  /** What the project's call to an endpoint came to, by its name; null: it answered. */
  endpoints: Record<string, string | null>;
}

export interface ProjectCheck {
  name: string;
  isWell: boolean;
  found: string;
  /** The exact line that mends it. */
  mend: string;
}

/** What came of a call to a function. */
export interface FunctionAnswer {
  status: number;
  /** Who answered: the function itself, or the gateway before it (or the runtime, when it failed). */
  isOwn: boolean;
  /** The gateway's header `sb-error-code`: https://supabase.com/docs/guides/functions/error-codes */
  errorCode: string | null;
}

/** A check that is well when nothing is wrong. @param mend the line for each, joined by `by` */
function expectNone<Wrong>(
  name: string,
  wrong: Wrong[],
  { well, found, mend, by = "; " }: {
    well: string;
    found(wrong: Wrong[]): string;
    mend(one: Wrong): string;
    by?: string;
  },
): ProjectCheck {
  const isWell = wrong.length === 0;
  return {
    name,
    isWell,
    found: isWell ? well : found(wrong),
    mend: wrong.map(mend).join(by),
  };
}

/** Judges the facts; every check that is not well says how to mend it. */
export function checkProject(facts: ProjectFacts, url: string): ProjectCheck[] {
  const extensions = facts.extensions ?? {};
  const absent = ["pg_net", "pg_cron", "supabase_vault"]
    .filter((name) => !(name in extensions));
  const silent = Object.entries(facts.endpoints)
    .filter(([, problem]) => problem !== null);
  const { sent, started } = facts.wakes;
  const isElsewhere = facts.isForeign ||
    [facts.projectUrl, url].every((address) =>
        address?.endsWith(".supabase.co")
      ) && facts.projectUrl !== url;
  const seconds = facts.secondsSinceMaintenance;
  return [
    expectNone("extensions", absent, {
      well: Object.entries(extensions).map((pair) => pair.join(" ")).join(", "),
      found: (absent) => `${absent.join(", ")} missing`,
      mend: (name) => `create extension ${name};`,
      by: " ",
    }),
    expectNone("grants", facts.missingGrants, {
      well: "service_role may work",
      found: (tables) => `service_role lacks rights on ${tables.join(", ")}`,
      mend: (table) =>
        `grant select, insert, update, delete on public.${table} to service_role;`,
      by: " ",
    }),
    {
      name: "schedule",
      isWell: facts.scheduledJobs.includes("prompt-pipeline maintenance"),
      found: facts.scheduledJobs.join(", ") || "no job",
      mend:
        "select cron.schedule('prompt-pipeline maintenance', '10 seconds', pipeline.maintenance_turn('9 seconds'));",
    },
    {
      name: "last maintenance",
      isWell: seconds !== null && seconds < 120,
      found: seconds === null ? "never" : `${seconds} s ago`,
      mend:
        "select * from cron.job_run_details order by start_time desc limit 5; -- says why pg_cron does not run it",
    },
    {
      name: "project URL",
      isWell: facts.projectUrl !== null && !isElsewhere,
      found: isElsewhere
        ? `${facts.projectUrl} is another project: this one is a copy of it`
        : facts.projectUrl ?? "not configured",
      // Or the copy goes on with what the original does, models and webhooks included.
      mend: `${
        isElsewhere
          ? "update pipeline_runs set status = 'cancelled' where finished_at is null; "
          : ""
      }select pipeline_set_secret('project_url', '${url}');`,
    },
    {
      name: "wakes",
      // One may be under way; the rest of those that started nobody came too late, or twice.
      isWell: started > 0 || sent < 2,
      found: sent === 0
        ? "none in the last hour"
        : `${sent} sent in the last hour, ${started} started a worker${
          facts.answers.map(({ status, calls, error }) =>
            `; ${calls} × ${status ?? error}`
          ).join("")
        }`,
      mend:
        'deno task deploy -- and see "A run stays queued" in docs/troubleshooting.md',
    },
    checkFunctions(facts.functions),
    checkVersions(facts),
    checkKey(facts.worker),
    checkTimeouts(facts),
    expectNone("secrets", facts.missingSecrets, {
      well: "all that endpoints name exist",
      found: (names) => `${names.join(", ")} missing`,
      mend: (name) => `deno task pipeline secret set ${name}`,
    }),
    expectNone("endpoints", silent, {
      well: `${Object.keys(facts.endpoints).length} answer`,
      found: (silent) =>
        silent.map(([name, problem]) => `${name}: ${problem}`).join("; "),
      mend: ([name]) => `deno task pipeline endpoint test ${name}`,
    }),
  ];
}

/** Whether the functions answer that a run needs, and of the others those that were deployed. */
export function checkFunctions(
  functions: ProjectFacts["functions"],
): ProjectCheck {
  const unreachable = Object.entries(functions).filter(([name, answer]) =>
    (!answer.isOwn || answer.status >= 500) &&
    !(OPERATION_FUNCTIONS.includes(name) && isAbsent(answer))
  );
  return {
    name: "functions",
    isWell: unreachable.length === 0,
    found: unreachable.length === 0
      ? "all answer"
      : unreachable.map(([name, answer]) => `${name} ${describe(answer)}`)
        .join(", "),
    mend: unreachable.some(([, answer]) => isCheckedByGateway(answer))
      ? `${DEPLOY} -- somebody deployed with verify_jwt, so that the gateway answers before the function`
      : `${DEPLOY} -- or see the function's log in the dashboard where it answers 500`,
  };
}

const DEPLOY =
  `deno task deploy, or where the pipeline was added: npx supabase functions deploy ${
    NEEDED_FUNCTIONS.join(" ")
  } --use-api`;

/** The gateway knows no such function. */
function isAbsent({ isOwn, status }: FunctionAnswer): boolean {
  return !isOwn && status === 404;
}

function describe({ status, errorCode }: FunctionAnswer): string {
  return errorCode ? `${status} ${errorCode}` : String(status);
}

/** The check of tokens that a function is deployed with unless config.toml says otherwise. */
function isCheckedByGateway({ isOwn, status }: FunctionAnswer): boolean {
  return !isOwn && status === 401;
}

/** Migrations are pushed first, and functions deployed after them. */
function checkVersions({ version, worker }: ProjectFacts): ProjectCheck {
  const deployed = "key" in worker ? worker.version : version;
  return {
    name: "versions",
    isWell: deployed === version,
    found: deployed === version
      ? `database and functions are ${version}`
      : `the database is ${version}, the functions are ${deployed}`,
    mend: compareVersions(deployed, version) > 0
      ? "npx -y supabase@3.1.0 db push --remote -- the functions are newer than the migrations"
      : "deno task deploy -- the migrations are newer than the functions; in a project of your own: npx -y supabase@3.1.0 functions deploy",
  };
}

/** Whether the functions know the key that is used here, and with which they work themselves. */
function checkKey(worker: ProjectFacts["worker"]): ProjectCheck {
  const isKnown = "key" in worker;
  return {
    name: "keys",
    isWell: isKnown,
    found: isKnown
      ? `workers use the key ${worker.key}${
        worker.keys.length > 1 ? ` of ${worker.keys.join(", ")}` : ""
      }`
      : worker.isOwn && worker.status === 401
      ? "the functions do not know SUPABASE_SECRET_KEY"
      : `the worker answers ${describe(worker)}`,
    mend:
      "deno task deploy -- functions learn of keys that were made later when they are deployed; take SUPABASE_SECRET_KEY from Project Settings, API Keys",
  };
}

/** Whether an isolate lives long enough for the calls that its last worker begins. */
function checkTimeouts({ worker, timeouts }: ProjectFacts): ProjectCheck {
  const most = "key" in worker ? longestCall(worker.workerSeconds) : Infinity;
  const long = Object.entries(timeouts).filter(([, seconds]) => seconds > most);
  const toWords = ([name, seconds]: [string, number]) =>
    `${name} may take ${seconds} s`;
  return expectNone("timeouts", long, {
    well: "all calls can end before their isolate does",
    found: (long) =>
      `${long.map(toWords).join(", ")}, a call has ${most} s for sure`,
    mend: ([name]) =>
      `update model_endpoints set timeout_seconds = ${most} where name = '${name}';`,
    by: " ",
  });
}
