/** What the demo's run differs in. */
export interface RunChoices {
  bucket: string;
  endpoint: string;
  /** Undefined: no limit. */
  maxPrompts?: number;
}

/** The statement that starts the run; it is shown as it is executed. */
export function writeRunStatement(
  { bucket, endpoint, maxPrompts }: RunChoices,
): string {
  const [column, value] = maxPrompts === undefined
    ? ["", ""]
    : [", max_prompts", `,\n  ${maxPrompts}`];
  return `insert into pipeline_runs (source, endpoint, options${column})
values (
  '{"type": "supabase", "bucket": "${bucket}"}',
  '${endpoint}', '{"context": "conversation", "dedupe": true, "redact": true}'${value}
) returning id`;
}
