/**
 * The same JSON value with U+FFFD in place of what Postgres cannot store in texts and keys: the
 * character 0 and halves of surrogate pairs. Models answer with both, and one of them would make
 * the database refuse the results of all prompts that are stored together.
 */
export function toStorableJson<Value>(value: Value): Value {
  const json = JSON.stringify(value);
  if (!UNSTORABLE.test(json)) return value;
  return JSON.parse(
    json.replace(
      ESCAPE,
      (escape) => UNSTORABLE.test(escape) ? "\ufffd" : escape,
    ),
  );
}

/** As JSON.stringify() writes them; other surrogates stand unescaped. */
const UNSTORABLE = /\\u(0000|d[89a-f])/;
const ESCAPE = /\\(u[0-9a-f]{4}|.)/g;

/** Whether a JSON value has the character 0 in one of its texts or keys. */
export function holdsNul(value: unknown): boolean {
  // A backslash before the u may itself be escaped.
  return /(?<!\\)(\\\\)*\\u0000/.test(JSON.stringify(value));
}
