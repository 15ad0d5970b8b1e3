// Fewer digits fit into a number.
const LONG = 16;
const LONG_RUNS = /\d{16,}/g;
const LARGEST = String(Number.MAX_SAFE_INTEGER);

/**
 * JSON text in which integers beyond 2^53 - 1 are texts: snowflakes and other ids must keep every digit,
 * and `JSON.parse` shows the digits of a number to nobody in Node 20 and Deno 2.1.
 */
export function quoteLongIntegers(json: string): string {
  if (!mayHaveLongIntegers(json)) return json;
  LONG_RUNS.lastIndex = 0;
  let quoted = "";
  let copied = 0;
  // Up to here it is known which quotes open a string and which close one.
  let outside = 0;
  for (
    let run = LONG_RUNS.exec(json);
    run !== null;
    run = LONG_RUNS.exec(json)
  ) {
    for (
      let open = json.indexOf('"', outside);
      open >= 0 && open < run.index;
      open = json.indexOf('"', outside)
    ) outside = stringEnd(json, open);
    if (outside > run.index) {
      LONG_RUNS.lastIndex = outside;
      continue;
    }
    const end = run.index + run[0].length;
    const start = json[run.index - 1] === "-" ? run.index - 1 : run.index;
    if (isLongInteger(json, run[0], start, end)) {
      quoted += `${json.slice(copied, start)}"${json.slice(start, end)}"`;
      copied = end;
    }
  }
  return quoted + json.slice(copied);
}

function isLongInteger(
  json: string,
  digits: string,
  start: number,
  end: number,
): boolean {
  return digits[0] !== "0" && !/[.eE+-]/.test(json[start - 1] ?? "") &&
    !/[.eE]/.test(json[end] ?? "") &&
    (digits.length > LARGEST.length || digits > LARGEST);
}

/** Index after the string that opens at `open`. */
function stringEnd(json: string, open: number): number {
  for (let close = json.indexOf('"', open + 1); close >= 0;) {
    let before = close - 1;
    while (json[before] === "\\") before--;
    if ((close - before) % 2 === 1) return close + 1;
    close = json.indexOf('"', close + 1);
  }
  return json.length;
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
