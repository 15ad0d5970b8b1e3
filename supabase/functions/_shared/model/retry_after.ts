const LONGEST_MS = 86_400_000;

/**
 * Milliseconds which `retry-after-ms` or `Retry-After` (seconds or an HTTP
 * date) asks to wait, between 0 and one day; undefined without a readable one.
 *
 * A day is the cap because a nonsensical header must not park an endpoint for
 * years; longer waits are reached by asking again.
 */
export function readRetryAfter(
  headers: Headers,
  now: number,
): number | undefined {
  const milliseconds = readNumber(headers.get("retry-after-ms"));
  if (milliseconds !== undefined) return clampWait(milliseconds);
  const text = headers.get("retry-after");
  const seconds = readNumber(text);
  if (seconds !== undefined) return clampWait(seconds * 1000);
  const date = text === null ? NaN : Date.parse(text);
  return Number.isNaN(date) ? undefined : clampWait(date - now);
}

/** A wait in whole milliseconds between 0 and one day. */
export function clampWait(milliseconds: number): number {
  return Math.min(LONGEST_MS, Math.max(0, Math.ceil(milliseconds)));
}

function readNumber(text: string | null): number | undefined {
  if (text === null || !/^\s*-?\d+(\.\d+)?\s*$/.test(text)) return undefined;
  return Number(text);
}
