import { dataOf, project } from "./project.ts";

/** A kind of error of a run. */
export interface FailureGroup {
  run_id: number;
  experiment_name: string;
  stage: string;
  class: string;
  code: string;
  final: boolean;
  count: number;
  example: string | null;
  first_at: string | null;
  last_at: string | null;
}

/** Kinds of errors, the most frequent first. */
export async function readFailureGroups(
  { run, experiment }: { run?: string; experiment?: string },
  signal: AbortSignal,
): Promise<FailureGroup[]> {
  let query = project().rest.from("pipeline_error_groups").select()
    .order("final", { ascending: false }).order("count", { ascending: false })
    .limit(100).abortSignal(signal);
  if (run) query = query.eq("run_id", Number(run));
  if (experiment) query = query.eq("experiment_name", experiment);
  return dataOf(await query.overrideTypes<FailureGroup[], { merge: false }>());
}

/** One error. */
export interface Failure {
  id: number;
  run_id: number;
  stage: string;
  class: string;
  code: string;
  message: string;
  path: string | null;
  offset: number | null;
  key: string | null;
  attempt: number | null;
  final: boolean;
  task_id: number | null;
  created_at: string;
}

/** Errors of a page. */
export const FAILURES_OF_A_PAGE = 100;

/** Errors one by one, newest first, behind an error. */
export async function readFailures(
  { run, stage, code, after }: {
    run?: string;
    stage?: string;
    code?: string;
    after?: string;
  },
  signal: AbortSignal,
): Promise<Failure[]> {
  let query = project().rest.from("pipeline_errors").select(
    "id,run_id,stage,class,code,message,path,offset,key,attempt,final,task_id,created_at",
  ).order("id", { ascending: false }).limit(FAILURES_OF_A_PAGE)
    .abortSignal(signal);
  if (run) query = query.eq("run_id", Number(run));
  if (stage) query = query.eq("stage", stage);
  if (code) query = query.eq("code", code);
  if (after) query = query.lt("id", Number(after));
  return dataOf(await query.overrideTypes<Failure[], { merge: false }>());
}
