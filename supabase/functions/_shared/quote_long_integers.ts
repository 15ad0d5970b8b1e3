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
 * False for bytes of JSON in which no integer can be long. Looks at every sixteenth byte, of which a long
 * run of digits has one: a search of the text takes half as long as parsing it.
 */
export function mayHaveLongIntegers(json: Uint8Array): boolean {
  const { length } = json;
  for (let at = LONG - 1; at < length; at += LONG) {
    if ((json[at] - ZERO) >>> 0 > 9) continue;
    let from = at;
    let to = at + 1;
    while (from > 0 && (json[from - 1] - ZERO) >>> 0 <= 9) from--;
    while (to < length && (json[to] - ZERO) >>> 0 <= 9) to++;
    if (to - from >= LONG) return true;
  }
  return false;
}

const ZERO = 0x30;
