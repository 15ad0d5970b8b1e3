import {
  asExpected,
  type HostedProject,
  otherwise,
  type Outcome,
  query,
} from "./hosted_project.ts";

const TRIES = 10;
const PAUSE_MS = 6_000;

/** Whether maintenance comes every 10 s, within a minute after the project knows its URL. */
export async function checkDatabase(project: HostedProject): Promise<Outcome> {
  await project.cli(
    "db",
    "query",
    `select pipeline_set_secret('project_url', '${project.url}')`,
  );
  let words = "";
  for (let tries = 0; tries < TRIES; tries++) {
    if (tries > 0) {
      await project.clock.wait(PAUSE_MS, new AbortController().signal);
    }
    const [{ age, versions }] = await query<
      { age: number | null; versions: string }
    >(
      project,
      `select
        (select extract(epoch from now() - max(done_at))::integer from pipeline.maintenance) as age,
        (select string_agg(extname || ' ' || extversion, ', ' order by extname)
         from pg_extension where extname in ('pg_cron', 'pg_net', 'supabase_vault')) as versions`,
    );
    words = `${versions}; last maintenance ${
      age === null ? "never" : `${age} s ago`
    }`;
    if (age !== null && age < 20) return asExpected(words);
  }
  return otherwise(words);
}

/** The limits on statements, which decide what takes too long over the Data API. */
export async function checkRoles(project: HostedProject): Promise<Outcome> {
  const roles = await query<{ role: string; settings: string | null }>(
    project,
    `select rolname as role, array_to_string(rolconfig, ', ') as settings from pg_roles
     where rolname in ('authenticator', 'service_role', 'authenticated') order by 1`,
  );
  const words = roles.map(({ role, settings }) =>
    `${role}: ${settings ?? "nothing of its own"}`
  ).join("; ");
  const own = roles.find(({ role }) => role === "service_role")?.settings;
  const inherited = roles.find(({ role }) => role === "authenticator")
    ?.settings;
  return inherited?.includes("statement_timeout=8s") &&
      !own?.includes("statement_timeout")
    ? asExpected(words)
    : otherwise(words);
}
