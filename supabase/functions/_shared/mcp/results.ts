import { PipelineError } from "../errors.ts";
import { projectOf, type Services } from "../operations/services.ts";
import { describeEvaluators } from "./tool_schemas.ts";

/** A project as the caller may see it. */
type Project = ReturnType<typeof projectOf>;

/** What is read at an address, and how. */
interface Result {
  /** Level 1 of https://www.rfc-editor.org/rfc/rfc6570: `{name}` stands for one part of the path. */
  uri: string;
  title: string;
  read(variables: Record<string, string>, project: Project): Promise<unknown>;
}

const ROOT = "prompt-pipeline://";
/** Where evaluators are described. */
export const EVALUATORS = `${ROOT}evaluators`;
/** Whole answers: more of them would fill what a model can read. */
const EVALUATIONS_OF_A_PAGE = 20;

/** All that can be read, as the caller may see it. */
export const RESULTS: Result[] = [
  {
    uri: `${ROOT}endpoints`,
    title: "Endpoints that runs may name",
    read: (_, { listEndpoints }) => listEndpoints(),
  },
  {
    uri: EVALUATORS,
    title: "What each evaluator takes, by its type",
    read: () => Promise.resolve(describeEvaluators()),
  },
  {
    uri: `${ROOT}runs`,
    title: "The newest runs",
    read: (_, { listRuns }) => listRuns(),
  },
  {
    uri: `${ROOT}runs/{runId}`,
    title: "State and counts of a run, and why prompts failed",
    read: async ({ runId }, { readRun, readFailures }) => ({
      ...await readRun(runId),
      errors: await readFailures(runId),
    }),
  },
  {
    uri: `${ROOT}runs/{runId}/evaluations`,
    title: "Answers of a run with their scores, the first 20",
    read: readEvaluations,
  },
  {
    uri: `${ROOT}runs/{runId}/evaluations/after/{position}`,
    title: "The next 20: the address is the next of the page before",
    read: readEvaluations,
  },
  {
    uri: `${ROOT}sweeps/{sweepId}`,
    title: "State of a sweep, and its runs",
    read: ({ sweepId }, { readSweep }) => readSweep(sweepId),
  },
  {
    uri: `${ROOT}experiments/{name}`,
    title: "An experiment in figures, and the mean of each evaluator",
    read: async ({ name }, { database, owner }) => {
      const isOwn = (row: { owner: string | null }) => row.owner === owner;
      const names = { names: [name] };
      const [summary, scores] = await Promise.all([
        database.call("summarize_experiments", names),
        database.call("summarize_experiment_scores", names),
      ]);
      return { summary: summary!.filter(isOwn), scores: scores!.filter(isOwn) };
    },
  },
  {
    uri: `${ROOT}comparisons/{baseline}/{candidate}`,
    title: "Two experiments compared prompt by prompt, with intervals",
    read: ({ baseline, candidate }, { database, owner }) =>
      database.call("compare_experiments", { baseline, candidate, owner }),
  },
];

/** The address of a run or a sweep. */
export function toUri(kind: "runs" | "sweeps", id: number | string): string {
  return `${ROOT}${kind}/${id}`;
}

/**
 * What is at an address.
 *
 * @throws {PipelineError} `not_found`: there is none, or it is another user's
 */
export async function readResult(
  uri: string,
  services: Services,
): Promise<unknown> {
  for (const { uri: template, read } of RESULTS) {
    const variables = matchUri(template, uri);
    if (variables) return await read(variables, projectOf(services));
  }
  throw new PipelineError(
    "not_found",
    `Cannot read "${uri}": the addresses are ${
      RESULTS.map(({ uri }) => uri).join(", ")
    }`,
  );
}

/** The values of the variables of a template in an address of its form. */
function matchUri(
  template: string,
  uri: string,
): Record<string, string> | undefined {
  const parts = template.split("/");
  const given = uri.split("/");
  if (parts.length !== given.length) return;
  const variables: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined ? part !== given[index] : given[index] === "") {
      return;
    }
    if (name !== undefined) variables[name] = decode(given[index]);
  }
  return variables;
}

/** Names with a lone "%" come as they are. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function readEvaluations(
  { runId, position }: Record<string, string>,
  { readRun, database }: Project,
): Promise<{ rows: unknown[]; next: string | null }> {
  // Also keeps users out of the runs of others: the database is asked as the service.
  const { resultsTable } = await readRun(runId);
  const page: { rows: unknown[]; next: string | null } = await database.call(
    "export_evaluations",
    {
      results_table: resultsTable,
      // Text where a number cannot hold it; Postgres takes both.
      run_id: runId as unknown as number,
      after: position ?? null,
      most: EVALUATIONS_OF_A_PAGE,
    },
  );
  return {
    rows: page.rows,
    next: page.next &&
      `${toUri("runs", runId)}/evaluations/after/${
        encodeURIComponent(page.next)
      }`,
  };
}
