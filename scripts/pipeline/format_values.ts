/** US dollars with three digits that say something, such as `0.0394`; "": unknown. */
export function formatCost(cost: number | string | null | undefined): string {
  if (cost === null || cost === undefined) return "";
  return String(Number(Number(cost).toPrecision(3)));
}

/** A moment in UTC to the minute, such as `11-28 13:32`; "": there is none. */
export function formatTime(moment: string | null | undefined): string {
  return moment
    ? new Date(moment).toISOString().slice(5, 16).replace("T", " ")
    : "";
}

/** Until when an endpoint asked to be left alone; "": it did not, or the time is over. */
export function formatRest(
  moment: string | null | undefined,
  now = Date.now(),
): string {
  return moment && Date.parse(moment) > now
    ? `rests until ${new Date(moment).toISOString().slice(11, 19)} UTC`
    : "";
}

/** The ends of an interval; "": it has none. */
export function formatInterval(
  low: number | null,
  high: number | null,
  format: (end: number) => string,
): string {
  return low === null || high === null
    ? ""
    : `${format(low)} to ${format(high)}`;
}

/** A number with its sign and so many digits; zero has none. */
export function formatChange(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${value < 0 ? "−" : "+"}${text}`;
}
