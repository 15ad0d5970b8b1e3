import * as z from "zod";
import {
  createEvaluator,
  isScoredByWorkers,
} from "../evaluation/create_evaluator.ts";
import type { EvaluationRow } from "../evaluation/evaluation_row.ts";
import type { EvaluationContext, Evaluator } from "../evaluation/evaluator.ts";
import { evaluatorsSchema } from "../evaluation/evaluator_schema.ts";
import { referenceSchema } from "../evaluation/reference.ts";
import { createEgressGuard } from "../model/egress_guard.ts";
import type {
  Assignment,
  EndpointRow,
  StageDependencies,
  StageOfWork,
} from "./assignment.ts";
import { guessFormat } from "../model/formats/choose_format.ts";
import { openaiDecisions } from "../model/formats/openai_decisions.ts";
import { createFunctionCaller } from "./call_function.ts";
import { createPostJson } from "./post_json.ts";
import { refusedStage } from "./refused_stage.ts";

/** What the stages evaluate and judge have in common. */
export interface Evaluation {
  evaluators: Evaluator[];
  /** The rows of these ids that still exist. */
  readRows(ids: number[]): Promise<EvaluationRow[]>;
  context: EvaluationContext;
  /** Whether a judge's endpoint has an API of typed questions. */
  asksTyped(endpoint: string): boolean;
}

/** What a run may choose for its evaluators beside their own configurations. */
const optionsSchema = z.object({ reference: referenceSchema.optional() });

/** Makes a stage of the run's evaluators; its tasks fail when these cannot be used. */
export function withEvaluators(
  { run, judges }: Assignment,
  { config, database, fetch, resolveDns, clock, stop }: StageDependencies,
  createStage: (evaluation: Evaluation) => StageOfWork,
): StageOfWork {
  const configs = evaluatorsSchema.safeParse(run.evaluators);
  const options = optionsSchema.safeParse(run.options);
  if (!configs.success || !options.success) {
    return refusedStage("evaluators", (configs.error ?? options.error)!);
  }
  const evaluators = configs.data.filter(isScoredByWorkers).map((evaluator) =>
    createEvaluator(evaluator, options.data)
  );
  const typed = new Set(judges?.filter(isTyped).map(({ name }) => name));
  return createStage({
    evaluators,
    asksTyped: (endpoint) => typed.has(endpoint),
    readRows: (ids) =>
      database.call("pipeline_read_evaluations", {
        results_table: run.resultsTable,
        ids,
        with_what_was_sent: evaluators.some(({ showsWhatWasSent }) =>
          showsWhatWasSent
        ),
      }),
    context: {
      post: createPostJson({
        fetch,
        guard: createEgressGuard({
          allowPrivateHosts: config.allowPrivateHosts,
          resolveDns,
          now: clock.now,
        }),
        clock,
        signal: stop,
      }),
      callFunction: createFunctionCaller(database),
      now: clock.now,
      responseIn: (experiment, { promptKey, repetition }) =>
        database.call("pipeline_find_response", {
          results_table: run.resultsTable,
          experiment,
          prompt_key: promptKey,
          owner: run.owner,
          repetition,
        }),
    },
  });
}

/** An endpoint of a format of its own says so; else its URL does. */
function isTyped(
  { format, url, request_template, response_path }: EndpointRow,
): boolean {
  if (format) return format === openaiDecisions.name;
  return !request_template && !response_path && URL.canParse(url) &&
    guessFormat(new URL(url)) === openaiDecisions;
}
