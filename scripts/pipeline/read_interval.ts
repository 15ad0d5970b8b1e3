/** Milliseconds of an interval as PostgREST writes it: `01:02:03.5`, `2 days 00:00:01`. */
export function readInterval(text: string | null): number | null {
  if (text === null) return null;
  const [, days = "0"] = /(-?\d+) days?/.exec(text) ?? [];
  const [, hours = "0", minutes = "0", seconds = "0"] =
    /(\d+):(\d\d):(\d\d(?:\.\d+)?)/.exec(text) ?? [];
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60_000 +
    Number(seconds) * 1_000;
}
