/** How vendors spell maxTokens; a run's parameters may say it in any of these ways. */
const SPELLINGS = [
  "maxTokens",
  "max_tokens",
  "max_completion_tokens",
  "max_output_tokens",
];

/** The names of a limit that are not this project's own. */
export const VENDORS_SPELLINGS: ReadonlySet<string> = new Set(
  SPELLINGS.slice(1),
);

/**
 * The output tokens that parameters ask for at most; undefined when they do not say. The twin of
 * `pipeline.output_limit()`, which sets money aside by it.
 */
export function outputLimitOf(
  parameters: Record<string, unknown>,
): number | undefined {
  const name = SPELLINGS.find((spelling) =>
    parameters[spelling] !== undefined && parameters[spelling] !== null
  );
  const limit = name && parameters[name];
  return typeof limit === "number" && limit > 0 ? Math.ceil(limit) : undefined;
}

/** The parameters with this limit in place of any other, also where a template names another spelling. */
export function withOutputLimit(
  parameters: Record<string, unknown>,
  limit: number,
): Record<string, unknown> {
  const limited: Record<string, unknown> = { ...parameters, maxTokens: limit };
  for (const name of VENDORS_SPELLINGS) {
    if (name in limited) limited[name] = limit;
  }
  return limited;
}
