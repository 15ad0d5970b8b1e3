import { z } from "zod";
import { createEvaluator } from "../evaluation/create_evaluator.ts";
import type { JudgeRequest } from "../evaluation/evaluator.ts";
import { evaluatorsSchema } from "../evaluation/evaluator_schema.ts";
import { referenceSchema } from "../evaluation/reference.ts";
import { PipelineError } from "../errors.ts";
import { createEgressGuard } from "../model/egress_guard.ts";
import type { FinishReason, ModelResult } from "../model/model_result.ts";
import type { WorkerState } from "../queue/drain.ts";
import type {
  Assignment,
  EndpointRow,
  StageOfWork,
  WorkerDependencies,
} from "./assignment.ts";
import { createEvaluateHandler, type StoredRow } from "./evaluate_responses.ts";
import { type CallLedger, createJudge } from "./judge_calls.ts";
import { openEndpoint } from "./open_endpoint.ts";
import { createPostJson } from "./post_json.ts";

/** Rows that one isolate's 2 s of processor time are good for, with a margin. */
const ROWS_PER_WORKER = 4_000;
/** A task brings up to a hundred rows with a score of every evaluator: a few make a large body. */
const FLUSH_SIZE = 4;

/** What a run may choose for its evaluators beside their own configurations. */
const optionsSchema = z.object({ reference: referenceSchema.optional() });

/** Connects stage evaluate to the database, the judges and the web. */
export function createEvaluateStage(
  { workerId, run }: Assignment,
  dependencies: WorkerDependencies,
): StageOfWork {
  const { config, database, fetch, resolveDns, clock, stop } = dependencies;
  const configs = evaluatorsSchema.safeParse(run.evaluators);
  const options = optionsSchema.safeParse(run.options);
  if (!configs.success || !options.success) {
    const problem = z.prettifyError((configs.error ?? options.error)!);
    return { handle: () => Promise.resolve(refuse(problem)), load: () => 0 };
  }
  const evaluators = configs.data.map((evaluator) =>
    createEvaluator(evaluator, options.data)
  );
  const ledger: CallLedger = {
    exchange: (endpoint, ended, wanted) =>
      database.call("exchange_calls", {
        worker_id: workerId,
        endpoint,
        ended,
        wanted,
      }),
    async openEndpoint(name) {
      const row: EndpointRow | null = await database.call("read_endpoint", {
        name,
      });
      if (row) return openEndpoint(row, dependencies);
      throw new PipelineError("not_found", `There is no endpoint "${name}"`);
    },
    findAnswer: run.options.cache === true
      ? async ({ endpoint, ...request }) =>
        toResult(
          await database.call("find_cached_call", {
            worker_id: workerId,
            endpoint,
            request,
          }),
        )
      : undefined,
  };
  let rows = 0;
  const load = () => rows / ROWS_PER_WORKER;
  let judge: ((request: JudgeRequest) => Promise<ModelResult>) | undefined;
  const post = createPostJson({
    fetch,
    guard: createEgressGuard({
      allowPrivateHosts: config.allowPrivateHosts,
      resolveDns,
      now: clock.now,
    }),
    clock,
    signal: stop,
  });

  // All tasks of the worker share one judge, because they share its place among the callers.
  function judgeOf({ isSpent }: WorkerState) {
    return judge ??= createJudge(ledger, { clock, signal: stop, isSpent });
  }

  return {
    handle: (task, worker) =>
      createEvaluateHandler({
        evaluators,
        async readRows(ids) {
          const read: StoredRow[] = await database.call("read_evaluations", {
            results_table: run.resultsTable,
            ids,
          });
          rows += read.length;
          return read;
        },
        judge: judgeOf(worker),
        post,
        findResponse: (experiment, promptKey) =>
          database.call("find_response", {
            results_table: run.resultsTable,
            experiment,
            prompt_key: promptKey,
            owner: run.owner,
          }),
      })(task, worker),
    load,
    flushSize: FLUSH_SIZE,
  };
}

interface CachedAnswer {
  response: string;
  model?: string;
  finishReason: FinishReason;
}

/** A repeated answer costs nothing: its tokens were counted when it was made. */
function toResult(answer: CachedAnswer | null): ModelResult | null {
  return answer && {
    ok: true,
    text: answer.response,
    model: answer.model,
    finishReason: answer.finishReason,
    durationMs: 0,
  };
}

function refuse(problem: string) {
  return {
    outcome: "failed" as const,
    error: {
      class: "permanent" as const,
      code: "invalid_request",
      message: `Cannot use the run's evaluators: ${problem}`,
    },
  };
}
