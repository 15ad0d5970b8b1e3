import { isObject, type Json } from "../json.ts";

/**
 * Reads a time as archives write it and gives ISO 8601 in UTC, or undefined when it is not a time:
 * epoch in s, ms, µs or ns (told apart by size), date text, `{"$date": …}` and `{"$numberLong": …}`.
 * Date text without a zone is taken as UTC, so that the result does not depend on the machine.
 */
export function toIsoTime(time: Json | undefined): string | undefined {
  if (typeof time === "number") return isoOfEpoch(time);
  if (typeof time === "string") {
    if (/^\d{9,19}(\.\d+)?$/.test(time)) return isoOfEpoch(Number(time));
    return isoOfText(time.trim());
  }
  if (isObject(time)) return toIsoTime(time.$date ?? time.$numberLong);
  return undefined;
}

function isoOfEpoch(time: number): string | undefined {
  const size = Math.abs(time);
  const milliseconds = size > 1e17
    ? time / 1e6
    : size > 1e14
    ? time / 1e3
    : size > 1e11
    ? time
    : time * 1e3;
  return time > 0 ? isoOfMilliseconds(milliseconds) : undefined;
}

const ISO_WITHOUT_ZONE = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?$/;

function isoOfText(text: string): string | undefined {
  // A year is asked for because Date.parse reads "1" and "at 3" as days of 2001.
  if (text.length > 64 || !/\d{4}/.test(text)) return undefined;
  if (ISO_WITHOUT_ZONE.test(text)) {
    return isoOfMilliseconds(Date.parse(`${text.replace(" ", "T")}Z`));
  }
  // "3:04pm" without a space is SillyTavern's, and no engine reads it.
  const spaced = text.replace(/(\d)\s*([ap]m)\b/i, "$1 $2");
  const zoned = /z|[+-]\d\d:?\d\d|gmt|utc|\([^)]*\)/i.test(spaced)
    ? spaced
    : `${spaced} UTC`;
  const milliseconds = Date.parse(spaced.includes("T") ? spaced : zoned);
  return isoOfMilliseconds(milliseconds);
}

function isoOfMilliseconds(milliseconds: number): string | undefined {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
