/** What the demo's first run differs in. */
export interface RunChoices {
  bucket: string;
  endpoint: string;
  /** Undefined: no limit. */
  maxPrompts?: number;
}

/** The statement that starts a run on a bucket; it is shown as it is executed. */
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

/** The statement that sends the prompts of an earlier run to another model. */
export function writeRepeatStatement(
  runId: string,
  endpoint: string,
  model: string,
): string {
  // The name of a model comes from the environment.
  const quoted = model.replaceAll("'", "''");
  return `insert into pipeline_runs (source, endpoint, model)
values ('{"type": "run", "runId": ${runId}}', '${endpoint}', '${quoted}') returning id`;
}
