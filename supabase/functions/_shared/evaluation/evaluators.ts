import { classify } from "./evaluators/classify.ts";
import { contains } from "./evaluators/contains.ts";
import { cost } from "./evaluators/cost.ts";
import { editDistance } from "./evaluators/edit_distance.ts";
import { exactMatch } from "./evaluators/exact_match.ts";
import { finishReason } from "./evaluators/finish_reason.ts";
import { jsonEqual } from "./evaluators/json_equal.ts";
import { jsonSchema } from "./evaluators/json_schema.ts";
import { jsonValid } from "./evaluators/json_valid.ts";
import { latency } from "./evaluators/latency.ts";
import { length } from "./evaluators/length.ts";
import { notContains } from "./evaluators/not_contains.ts";
import { numericDifference } from "./evaluators/numeric_difference.ts";
import { pairwise } from "./evaluators/pairwise.ts";
import { refusal } from "./evaluators/refusal.ts";
import { regex } from "./evaluators/regex.ts";
import { rougeL } from "./evaluators/rouge_l.ts";
import { rubric } from "./evaluators/rubric.ts";
import { similarity } from "./evaluators/similarity.ts";
import { sql } from "./evaluators/sql.ts";
import { endsWith, startsWith } from "./evaluators/starts_with.ts";
import {
  answerRelevance,
  contextRecall,
  faithfulness,
} from "./evaluators/statements.ts";
import { toolCalls } from "./evaluators/tool_calls.ts";
import { webhook } from "./evaluators/webhook.ts";
import { weighted } from "./evaluators/weighted.ts";

/** Every kind of evaluator, in the order of the manual. A new one is a file, its test and a line here: the list
 * in SQL and the manual come from this one, by `deno task migration` and `deno task docs`. */
export const EVALUATORS = [
  exactMatch,
  contains,
  notContains,
  startsWith,
  endsWith,
  regex,
  jsonValid,
  jsonSchema,
  jsonEqual,
  toolCalls,
  numericDifference,
  editDistance,
  rougeL,
  similarity,
  length,
  latency,
  cost,
  finishReason,
  refusal,
  rubric,
  classify,
  pairwise,
  faithfulness,
  answerRelevance,
  contextRecall,
  sql,
  webhook,
  weighted,
] as const;
