import { assert, assertEquals, assertMatch } from "@std/assert";
import { checkProject, type ProjectFacts } from "./check_project.ts";

const well: ProjectFacts = {
  version: "1.1.0",
  extensions: { pg_net: "0.20", pg_cron: "1.6", supabase_vault: "0.3" },
  scheduledJobs: ["prompt-pipeline prune", "prompt-pipeline maintenance"],
  secondsSinceMaintenance: 4,
  projectUrl: "https://p.supabase.co",
  isForeign: false,
  wakes: { sent: 3, started: 2 },
  answers: [{ status: 401, calls: 1, error: null }],
  missingGrants: [],
  functions: {
    "pipeline-worker": { status: 400, isOwn: true, errorCode: null },
    "run-pipeline": { status: 401, isOwn: true, errorCode: null },
  },
  worker: {
    key: "default",
    keys: ["default"],
    workerSeconds: 50,
    version: "1.1.0",
    deno: "2.1.4",
    dns: true,
  },
  timeouts: { openai: 60 },
  missingSecrets: [],
  endpoints: { openai: null },
};

Deno.test("checkProject() finds nothing to mend in a project that works", () => {
  assert(checkProject(well, "u").every(({ isWell }) => isWell));
});

Deno.test("checkProject() says how to mend each thing that is broken", () => {
  const checks = checkProject({
    version: "1.1.0",
    extensions: null,
    scheduledJobs: [],
    secondsSinceMaintenance: 600,
    projectUrl: null,
    isForeign: false,
    wakes: { sent: 2, started: 0 },
    answers: [{ status: 404, calls: 2, error: null }],
    missingGrants: ["pipeline_runs"],
    functions: {
      "prompt-pipeline": { status: 404, isOwn: false, errorCode: "NOT_FOUND" },
    },
    worker: { status: 401, isOwn: true, errorCode: null },
    timeouts: {},
    missingSecrets: ["OPENAI_API_KEY"],
    endpoints: { openai: "HTTP 401" },
  }, "https://p.supabase.co");
  assertEquals(
    checks.filter(({ isWell }) => isWell).map(({ name }) => name),
    ["versions", "timeouts"],
  );
  assert(checks.every(({ isWell, mend }) => isWell || mend.length > 0));
  assertEquals(
    checks.find(({ name }) => name === "project URL")!.mend,
    "select pipeline_set_secret('project_url', 'https://p.supabase.co');",
  );
});

/** What is amiss in a project that is well but for this. */
function findAmiss(
  facts: Partial<ProjectFacts>,
  url = "https://p.supabase.co",
) {
  return checkProject({ ...well, ...facts }, url).filter(({ isWell }) =>
    !isWell
  );
}

Deno.test("checkProject() is not led astray by wakes that were spent before they came", () => {
  const answers = [{ status: 401, calls: 40, error: null }];
  assertEquals(findAmiss({ wakes: { sent: 60, started: 20 }, answers }), []);
});

Deno.test("checkProject() tells the gateway's 401 from the function's own", () => {
  const [check, ...others] = findAmiss({
    functions: {
      "pipeline-worker": {
        status: 401,
        isOwn: false,
        errorCode: "UNAUTHORIZED_NO_AUTH_HEADER",
      },
    },
  });
  assertEquals(others, []);
  assertMatch(check.found, /^pipeline-worker 401 UNAUTHORIZED_NO_AUTH_HEADER$/);
  assertMatch(check.mend, /verify_jwt/);
});

Deno.test("checkProject() says that the functions do not know the key", () => {
  const worker = { status: 401, isOwn: true, errorCode: null };
  const [check] = findAmiss({ worker });
  assertMatch(check.found, /do not know SUPABASE_SECRET_KEY/);
});

Deno.test("checkProject() knows a copy by the URL of its original", () => {
  for (
    const [check] of [
      findAmiss({}, "https://copy.supabase.co"),
      findAmiss({ isForeign: true }),
    ]
  ) {
    assertEquals(check.name, "project URL");
    assertMatch(check.mend, /status = 'cancelled'.*pipeline_set_secret/);
  }
  // In Docker the database knows the gateway by another name.
  const projectUrl = "http://kong:8000";
  assertEquals(findAmiss({ projectUrl }, "http://127.0.0.1:54321"), []);
});

Deno.test("checkProject() finds calls that may outlive their isolate", () => {
  const timeouts = { quick: 85, slow: 120 };
  const [check] = findAmiss({ timeouts });
  assertMatch(check.found, /^slow may take 120 s, a call has 85 s for sure$/);
  const worker = {
    ...well.worker,
    key: "k",
    keys: ["k"],
    deno: "2.1.4",
    dns: true,
    workerSeconds: 140,
  };
  assertEquals(findAmiss({ timeouts, worker }), []);
});

Deno.test("checkProject() misses no function of a single operation, which prompt-pipeline serves as well", () => {
  const absent = { status: 404, isOwn: false, errorCode: "NOT_FOUND" };
  assertEquals(findAmiss({ functions: { "run-pipeline": absent } }), []);
  const broken = { status: 503, isOwn: false, errorCode: "BOOT_ERROR" };
  assertEquals(
    findAmiss({ functions: { "run-pipeline": broken } }).map(({ found }) =>
      found
    ),
    ["run-pipeline 503 BOOT_ERROR"],
  );
});

Deno.test("checkProject() says what to bring out when database and functions are of two versions", () => {
  const check = (version: string) =>
    checkProject({ ...well, version }, "u").find(({ name }) =>
      name === "versions"
    )!;
  const older = check("1.2.0");
  assertEquals(
    older.found,
    "the database is 1.2.0, the functions are 1.1.0",
  );
  assertMatch(older.mend, /deno task deploy/);
  assertMatch(check("1.0.0").mend, /db push/);
});
