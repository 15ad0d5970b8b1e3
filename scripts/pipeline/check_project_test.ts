import { assert, assertEquals } from "@std/assert";
import { checkProject, type ProjectFacts } from "./check_project.ts";

const well: ProjectFacts = {
  extensions: { pg_net: "0.20", pg_cron: "1.6", supabase_vault: "0.3" },
  scheduledJobs: ["prompt-pipeline prune", "prompt-pipeline maintenance"],
  secondsSinceMaintenance: 4,
  projectUrl: "https://p.supabase.co",
  wakes: [{ status: 202, calls: 3, error: null }],
  missingGrants: [],
  realtime: true,
  functions: { "pipeline-worker": 400 },
  missingSecrets: [],
  endpoints: { openai: null },
};

Deno.test("checkProject() finds nothing to mend in a project that works", () => {
  assert(checkProject(well, "u").every(({ isWell }) => isWell));
});

Deno.test("checkProject() says how to mend each thing that is broken", () => {
  const checks = checkProject({
    extensions: null,
    scheduledJobs: [],
    secondsSinceMaintenance: 600,
    projectUrl: null,
    wakes: [{ status: 401, calls: 1, error: null }],
    missingGrants: ["pipeline_runs"],
    realtime: false,
    functions: { "run-pipeline": 404 },
    missingSecrets: ["OPENAI_API_KEY"],
    endpoints: { openai: "HTTP 401" },
  }, "https://p.supabase.co");
  assertEquals(checks.filter(({ isWell }) => isWell), []);
  assert(checks.every(({ mend }) => mend.length > 0));
  assertEquals(
    checks.find(({ name }) => name === "project URL")!.mend,
    "select pipeline_set_secret('project_url', 'https://p.supabase.co');",
  );
});
