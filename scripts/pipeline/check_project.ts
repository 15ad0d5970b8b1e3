/** What is known of a project: see pipeline_inspect_project() in SQL for most of it. */
export interface ProjectFacts {
  /** Version by name of those that are there. */
  extensions: Record<string, string> | null;
  scheduledJobs: string[];
  secondsSinceMaintenance: number | null;
  projectUrl: string | null;
  /** Answers to the wakes of the last hour. */
  wakes: { status: number | null; calls: number; error: string | null }[];
  missingGrants: string[];
  realtime: boolean;
  /** HTTP status of an empty call by name of the function. */
  functions: Record<string, number>;
  missingSecrets: string[];
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

/** Judges the facts; every check that is not well says how to mend it. */
export function checkProject(facts: ProjectFacts, url: string): ProjectCheck[] {
  const extensions = facts.extensions ?? {};
  const absent = ["pg_net", "pg_cron", "supabase_vault"]
    .filter((name) => !(name in extensions));
  const unreachable = Object.entries(facts.functions)
    .filter(([, status]) => status === 404 || status >= 500);
  const silent = Object.entries(facts.endpoints)
    .filter(([, problem]) => problem !== null);
  const refused = facts.wakes.filter(({ status }) => status !== 202);
  const seconds = facts.secondsSinceMaintenance;
  return [
    {
      name: "extensions",
      isWell: absent.length === 0,
      found: absent.length === 0
        ? Object.entries(extensions).map((pair) => pair.join(" ")).join(", ")
        : `${absent.join(", ")} missing`,
      mend: absent.map((name) => `create extension ${name};`).join(" "),
    },
    {
      name: "grants",
      isWell: facts.missingGrants.length === 0,
      found: facts.missingGrants.length === 0
        ? "service_role may work"
        : `service_role lacks rights on ${facts.missingGrants.join(", ")}`,
      mend: facts.missingGrants.map((table) =>
        `grant select, insert, update, delete on public.${table} to service_role;`
      ).join(" "),
    },
    {
      name: "schedule",
      isWell: facts.scheduledJobs.includes("prompt-pipeline maintenance"),
      found: facts.scheduledJobs.join(", ") || "no job",
      mend:
        "select cron.schedule('prompt-pipeline maintenance', '10 seconds', 'select public.maintain_pipeline()');",
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
      isWell: facts.projectUrl !== null,
      found: facts.projectUrl ?? "not configured",
      mend: `select pipeline_set_secret('project_url', '${url}');`,
    },
    {
      name: "wakes",
      isWell: refused.length === 0,
      found: facts.wakes.length === 0
        ? "none in the last hour"
        : facts.wakes.map(({ status, calls, error }) =>
          `${calls} × ${status ?? error}`
        ).join(", "),
      mend:
        'deno task deploy -- and see "A run stays queued" in docs/troubleshooting.md',
    },
    {
      name: "functions",
      isWell: unreachable.length === 0,
      found: unreachable.length === 0
        ? "all answer"
        : unreachable.map((pair) => pair.join(" ")).join(", "),
      mend: "deno task deploy",
    },
    {
      name: "secrets",
      isWell: facts.missingSecrets.length === 0,
      found: facts.missingSecrets.length === 0
        ? "all that endpoints name exist"
        : `${facts.missingSecrets.join(", ")} missing`,
      mend: facts.missingSecrets.map((name) =>
        `deno task pipeline secret set ${name}`
      ).join("; "),
    },
    {
      name: "endpoints",
      isWell: silent.length === 0,
      found: silent.length === 0
        ? `${Object.keys(facts.endpoints).length} answer`
        : silent.map(([name, problem]) => `${name}: ${problem}`).join("; "),
      mend: silent.map(([name]) => `deno task pipeline endpoint test ${name}`)
        .join("; "),
    },
  ];
}
