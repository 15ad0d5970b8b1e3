import type { ProviderError } from "../model_format.ts";
import { ENDPOINT_FACTS } from "./endpoint_facts.ts";
import type { FailureFact, Verdict } from "./failure_fact.ts";
import { MONEY_FACTS } from "./money_facts.ts";
import { PROMPT_FACTS } from "./prompt_facts.ts";

/**
 * What overrules the status of a failure; the first that holds counts. Each row carries what it was
 * made from: the tests classify it, docs/faults.md lists it and the model simulator plays it.
 */
export const FAILURE_FACTS: readonly FailureFact[] = [
  ...PROMPT_FACTS,
  ...MONEY_FACTS,
  ...ENDPOINT_FACTS,
];

/** What the facts say about a failure; undefined when only its status tells. */
export function findFact(
  status: number | undefined,
  told: ProviderError | undefined,
): Verdict | undefined {
  if (!told) return undefined;
  // Text from outside may be of any length, and what it is looked for takes time.
  const said = told.message.slice(0, 2000);
  const codes = told.codes.filter(({ length }) => length <= 200);
  return FAILURE_FACTS.find(({ statuses, code, message, test }) =>
    (status === undefined || (statuses?.includes(status) ?? status < 500)) &&
    (!code || codes.some((word) => code.test(word))) &&
    (!message || message.test(said)) &&
    (!test || test(said))
  )?.means;
}
