import { replaceOutsideStrings } from "./replace_outside_strings.ts";

// Fewer digits fit into a number.
const LONG = 16;
const LONG_RUNS = /-?\d{16,}/g;
const LARGEST = String(Number.MAX_SAFE_INTEGER);

/**
 * JSON text in which integers beyond 2^53 - 1 are texts: snowflakes and other ids must keep every digit,
 * and `JSON.parse` shows the digits of a number to nobody in Node 20 and Deno 2.1.
 */
export function quoteLongIntegers(json: string): string {
  if (!mayHaveLongIntegers(json)) return json;
  return replaceOutsideStrings(
    json,
    LONG_RUNS,
    (run, at) => isLongInteger(json, run, at) ? `"${run}"` : run,
  );
}

function isLongInteger(json: string, run: string, at: number): boolean {
  const digits = run.startsWith("-") ? run.slice(1) : run;
  return digits[0] !== "0" && !/[.eE+-]/.test(json[at - 1] ?? "") &&
    !/[.eE]/.test(json[at + run.length] ?? "") &&
    (digits.length > LARGEST.length || digits > LARGEST);
}

/**
 * Looks at every sixteenth character, of which a long run of digits has one: most texts have none, and
 * to search them would take longer than to parse them.
 */
function mayHaveLongIntegers(json: string): boolean {
  const { length } = json;
  const isDigit = (at: number) => (json.charCodeAt(at) - ZERO) >>> 0 <= 9;
  for (let at = LONG - 1; at < length; at += LONG) {
    if (!isDigit(at)) continue;
    let from = at;
    let to = at + 1;
    while (from > 0 && isDigit(from - 1)) from--;
    while (to < length && isDigit(to)) to++;
    if (to - from >= LONG) return true;
  }
  return false;
}

const ZERO = 0x30;
