import { contains } from "./evaluators/contains.ts";
import { editDistance } from "./evaluators/edit_distance.ts";
import { exactMatch } from "./evaluators/exact_match.ts";
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
import { webhook } from "./evaluators/webhook.ts";

/** Every kind of evaluator, in the order of the manual. A new one is a file and a line here. */
export const EVALUATORS = [
  exactMatch,
  contains,
  notContains,
  regex,
  jsonValid,
  jsonSchema,
  numericDifference,
  editDistance,
  rougeL,
  length,
  latency,
  refusal,
  rubric,
  pairwise,
  webhook,
] as const;
