/** Words of the address for what is shown, and the filter that each is. */
const SHOWN: Record<string, Record<string, unknown>> = {
  failed: { success: false },
  rejected: { passed: false },
  passed: { passed: true },
  errors: { evaluator_error: true },
  ungraded: { label: { exists: false } },
  graded: { label: { exists: true } },
};

/** What `show` of the address may be, in words. */
export const SHOW_CHOICES = [
  ["", "all"],
  ["failed", "failed"],
  ["rejected", "not passed"],
  ["passed", "passed"],
  ["errors", "evaluator's errors"],
  ["ungraded", "not graded"],
] as const;

/** What `sort` of the address may be, in words. */
export const SORT_CHOICES = [
  ["", "by key"],
  ["worst", "worst first"],
  ["slowest", "slowest"],
  ["dearest", "dearest"],
] as const;

/** The filter of browse_evaluations() that an address means. */
export function toFilter(
  query: Record<string, string>,
): Record<string, unknown> {
  const { show = "", evaluator, text, min, max, model, key } = query;
  const isAboutScores = min !== undefined || max !== undefined ||
    /rejected|passed|errors/.test(show);
  return {
    ...SHOWN[show],
    ...text && { text },
    ...model && { model },
    ...key && { prompt_key: key },
    // Without anything to hold an evaluator means its column only.
    ...evaluator && (isAboutScores || query.sort === "worst") && { evaluator },
    ...min !== undefined && { min: Number(min) },
    ...max !== undefined && { max: Number(max) },
  };
}
