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

/** Milliseconds since 1970 of a time as `toIsoTime` reads it, with fractions where it has them. */
export function epochOf(time: Json | undefined): number | undefined {
  const iso = toIsoTime(time);
  if (iso === undefined) return undefined;
  const finer = typeof time === "string"
    ? /T\d\d:\d\d:\d\d\.\d{3}(\d{1,6})/.exec(time)?.[1]
    : undefined;
  if (finer !== undefined) return Date.parse(iso) + Number(`0.${finer}`);
  return typeof time === "number" && time < 1e11
    ? time * 1000
    : Date.parse(iso);
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
// What exports write as a rule, and every month has such a day.
const ISO_IN_UTC =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3,9}Z$/;

// "2024-1-9 @15h 04m 05s 123ms" is how SillyTavern names its files and dates their messages.
const TAVERN_TIME =
  /^(\d{4})-(\d\d?)-(\d\d?) ?@(\d\d?)h ?(\d\d?)m ?(\d\d?)s(?: ?(\d{1,3})ms)?$/;

function isoOfText(text: string): string | undefined {
  if (ISO_IN_UTC.test(text)) return `${text.slice(0, 23)}Z`;
  // A year is asked for because Date.parse reads "1" and "at 3" as days of 2001.
  if (text.length > 64 || !/\d{4}/.test(text)) return undefined;
  if (ISO_WITHOUT_ZONE.test(text)) {
    return isoOfMilliseconds(Date.parse(`${text.replace(" ", "T")}Z`));
  }
  const tavern = TAVERN_TIME.exec(text);
  if (tavern !== null) {
    const [year, ...rest] = tavern.slice(1).map(Number);
    const [month, ...time] = rest;
    return isoOfMilliseconds(
      Date.UTC(year, month - 1, ...time.map((part) => part || 0)),
    );
  }
  // "3:04pm" without a space is SillyTavern's too, and no engine reads it.
  const spaced = text.replace(/(\d)\s*([ap]m)\b/i, "$1 $2");
  const zoned = /z|[+-]\d\d:?\d\d|gmt|utc|\([^)]*\)/i.test(spaced)
    ? spaced
    : `${spaced} UTC`;
  return isoOfMilliseconds(Date.parse(spaced.includes("T") ? spaced : zoned));
}

const DAY = 86_400_000;
const LAST_DAY = Date.UTC(9999, 11, 31) / DAY;
const TWO_DIGITS = Array.from(
  { length: 60 },
  (_, number) => String(number).padStart(2, "0"),
);
// Conversations take place on one day, and making its date is most of the work.
let day = 0;
let date = "1970-01-01";

function isoOfMilliseconds(milliseconds: number): string | undefined {
  const whole = Math.trunc(milliseconds);
  const itsDay = Math.floor(whole / DAY);
  // Also false for NaN.
  if (!(itsDay >= 0 && itsDay <= LAST_DAY)) return undefined;
  if (itsDay !== day) {
    date = new Date(itsDay * DAY).toISOString().slice(0, 10);
    day = itsDay;
  }
  const rest = whole - itsDay * DAY;
  const hours = TWO_DIGITS[Math.floor(rest / 3_600_000)];
  const minutes = TWO_DIGITS[Math.floor(rest / 60_000) % 60];
  const seconds = TWO_DIGITS[Math.floor(rest / 1000) % 60];
  const fraction = String(rest % 1000).padStart(3, "0");
  return `${date}T${hours}:${minutes}:${seconds}.${fraction}Z`;
}
