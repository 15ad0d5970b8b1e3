import { PipelineError } from "../errors.ts";
import type { EvaluationRow } from "./evaluation_row.ts";
import type { EvaluationContext, Evaluator } from "./evaluator.ts";
import type {
  BatchScorer,
  EvaluatorDefinition,
  Scorer,
  Subject,
} from "./evaluator_definition.ts";
import { type EvaluatorConfig, nameOf } from "./evaluator_schema.ts";
import { EVALUATORS } from "./evaluators.ts";
import { compilePassages } from "./passages_choice.ts";
import {
  compileReference,
  describeMissingReference,
  type ReferenceChoice,
} from "./reference.ts";
import type { Question } from "./judging/question.ts";
import { type Score, toStorableVerdict, type Verdict } from "./score.ts";
import { withoutThoughts } from "./text/thoughts.ts";

/**
 * Makes an evaluator of a configuration that `evaluatorSchema` has parsed.
 *
 * One rule for rows without a response, of prompts that failed: every evaluator answers with an
 * error, except refusal for a call that the endpoint declined.
 *
 * @param options.reference the run's choice, for evaluators that have none of their own
 */
export function createEvaluator(
  config: EvaluatorConfig,
  options: { reference?: ReferenceChoice } = {},
): Evaluator {
  const name = nameOf(config);
  const { not = false } = config;
  const definition = definitionOf(config.type);
  const prepare = createPreparation(config, definition, options.reference);
  const scorer = definition.create?.(config);
  if (scorer === undefined) {
    throw new TypeError(`Cannot create ${config.type}: the database scores it`);
  }

  function evaluate(row: EvaluationRow, context: EvaluationContext) {
    const prepared = prepare(row);
    if ("verdict" in prepared) return toScore(prepared.verdict);
    try {
      const verdict = (scorer as Scorer)(prepared.subject, context);
      return verdict instanceof Promise
        ? verdict.catch(toErrorVerdict).then(toResult)
        : toResult(verdict);
    } catch (error) {
      return toScore(toErrorVerdict(error));
    }
  }

  function toScore(verdict: Verdict): Score {
    return {
      evaluator: name,
      ...toStorableVerdict(config.not ? toOpposite(verdict) : verdict),
    };
  }

  function toResult(result: Verdict | Question[]): Score | Question[] {
    return Array.isArray(result) ? result : toScore(result);
  }

  const showsWhatWasSent = definition.asksJudge !== undefined ||
    config.type === "webhook";
  if (typeof scorer === "function") {
    return { name, not, showsWhatWasSent, evaluate };
  }

  async function evaluateBatch(
    rows: readonly EvaluationRow[],
    context: EvaluationContext,
  ): Promise<Score[]> {
    const prepared = rows.map(prepare);
    const subjects = prepared.flatMap((row) =>
      "subject" in row ? [row.subject] : []
    );
    const verdicts = await scoreInBatches(
      scorer as BatchScorer,
      subjects,
      context,
    );
    return prepared.map((row) =>
      toScore("verdict" in row ? row.verdict : verdicts.get(row.subject)!)
    );
  }

  return {
    name,
    not,
    showsWhatWasSent,
    batchSize: scorer.batchSize,
    evaluate: async (row, context) => (await evaluateBatch([row], context))[0],
    evaluateBatch,
  };
}

/** Whether workers score by it; the database makes the scores of others. */
export function isScoredByWorkers({ type }: EvaluatorConfig): boolean {
  return definitionOf(type).create !== undefined;
}

type Prepared = { subject: Subject } | { verdict: Verdict };

/** The part that all evaluators share: is there a response, and is there a reference? */
function createPreparation(
  config: EvaluatorConfig,
  definition: AnyDefinition,
  referenceOfRun: ReferenceChoice | undefined,
): (row: EvaluationRow) => Prepared {
  const choice = ("reference" in config ? config.reference : undefined) ??
    referenceOfRun ?? FROM_ARCHIVE;
  const readReference = compileReference(choice);
  const readPassages = compilePassages(
    "passages" in config ? config.passages : undefined,
  );
  const needsReference = definition.needsReference?.(config) ?? false;
  return function prepare(row) {
    if (!row.success || row.response === null) {
      return { verdict: definition.scoreFailure?.(config, row) ?? NO_RESPONSE };
    }
    const response = "thoughts" in config && config.thoughts
      ? row.response
      : withoutThoughts(row.response);
    const { text: reference, value: referenceValue } = readReference(row);
    if (needsReference && reference === null) {
      const reason = describeMissingReference(choice);
      return { verdict: { error: `Cannot score: ${reason}` } };
    }
    const passages = readPassages(row);
    return { subject: { row, response, reference, referenceValue, passages } };
  };
}

const FROM_ARCHIVE: ReferenceChoice = { from: "archive" };

const NO_RESPONSE: Verdict = {
  error: "Cannot score: the row has no response, because its prompt failed",
};

/** A definition whose configuration has been checked by its own schema. */
type AnyDefinition = Pick<
  EvaluatorDefinition,
  "asksJudge" | "create" | "needsReference" | "scoreFailure"
>;

function definitionOf(type: EvaluatorConfig["type"]): AnyDefinition {
  const definition = EVALUATORS.find(({ schema }) =>
    schema.shape.type.value === type
  );
  return definition as unknown as AnyDefinition;
}

async function scoreInBatches(
  scorer: BatchScorer,
  subjects: Subject[],
  context: EvaluationContext,
): Promise<Map<Subject, Verdict>> {
  const verdicts = new Map<Subject, Verdict>();
  for (let start = 0; start < subjects.length; start += scorer.batchSize) {
    const batch = subjects.slice(start, start + scorer.batchSize);
    const scored = await scoreOrFail(scorer, batch, context);
    batch.forEach((subject, index) => verdicts.set(subject, scored[index]));
  }
  return verdicts;
}

async function scoreOrFail(
  scorer: BatchScorer,
  batch: readonly Subject[],
  context: EvaluationContext,
): Promise<Verdict[]> {
  try {
    context.signal?.throwIfAborted();
    return await scorer.scoreBatch(batch, context);
  } catch (error) {
    const verdict = toErrorVerdict(error);
    return batch.map(() => verdict);
  }
}

function toErrorVerdict(error: unknown): Verdict {
  if (error instanceof PipelineError) throw error;
  const reason = error instanceof Error ? error.message : String(error);
  return { error: `Cannot score: ${reason}` };
}

/** What `not` makes of a verdict; `pipeline.score_votes()` does the same with votes. */
function toOpposite({ score, passed, ...said }: Verdict): Verdict {
  return {
    score: score === undefined ? undefined : 1 - score,
    passed: passed === undefined ? undefined : !passed,
    ...said,
  };
}
