import { readRows } from "./read_rows.ts";

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
  last_at: string | null;
}

/** Kinds of errors, the most frequent first. */
export function readFailureGroups(
  { run, experiment }: { run?: string; experiment?: string },
  signal: AbortSignal,
): Promise<FailureGroup[]> {
  return readRows("pipeline_error_groups", {
    where: { run_id: run, experiment_name: experiment },
    order: ["-final", "-count"],
    most: 100,
  }, signal);
}

/** One error. */
export interface Failure {
  id: number;
  run_id: number;
  stage: string;
  message: string;
  path: string | null;
  offset: number | null;
  key: string | null;
  attempt: number | null;
  final: boolean;
  created_at: string;
}

/** Errors of a page. */
export const FAILURES_OF_A_PAGE = 100;

/** Errors one by one, newest first, behind an error. */
export function readFailures(
  { run, stage, code, after }: {
    run?: string;
    stage?: string;
    code?: string;
    after?: string;
  },
  signal: AbortSignal,
): Promise<Failure[]> {
  return readRows("pipeline_errors", {
    columns: "id,run_id,stage,message,path,offset,key,attempt,final,created_at",
    where: { run_id: run, stage, code },
    order: ["-id"],
    after,
    most: FAILURES_OF_A_PAGE,
  }, signal);
}
