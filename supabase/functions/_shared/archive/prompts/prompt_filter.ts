import { RE2JS } from "re2js";
import type { ExtractOptions } from "../options.ts";

/** What the filters look at; `time` is ISO 8601, UTC. */
export interface FilteredPrompt {
  text: string;
  time: string | undefined;
}

/**
 * Builds the test that a prompt must pass: length, time and patterns. The patterns run in linear time
 * (re2js), so that no pattern can hang a worker.
 */
export function createPromptFilter(
  options: ExtractOptions,
): (prompt: FilteredPrompt) => boolean {
  const tests: ((prompt: FilteredPrompt) => boolean)[] = [];
  const { minLength, maxLength } = options;
  if (minLength !== undefined) {
    tests.push(({ text }) => text.length >= minLength);
  }
  if (maxLength !== undefined) {
    tests.push(({ text }) => text.length <= maxLength);
  }
  if (options.since !== undefined) {
    const since = options.since;
    tests.push(({ time }) => time !== undefined && time >= since);
  }
  if (options.until !== undefined) {
    const until = options.until;
    tests.push(({ time }) => time !== undefined && time < until);
  }
  if (options.include !== undefined) {
    const include = matcher(options.include);
    tests.push(({ text }) => include(text));
  }
  if (options.exclude !== undefined) {
    const exclude = matcher(options.exclude);
    tests.push(({ text }) => !exclude(text));
  }
  return (prompt) => tests.every((test) => test(prompt));
}

function matcher(patterns: string[]): (text: string) => boolean {
  const compiled = patterns.map((pattern) => RE2JS.compile(pattern));
  return (text) => compiled.some((pattern) => pattern.matcher(text).find());
}
