/** A value of JSON that strangers wrote, in words; undefined: there is none. */
export function toWords(value: unknown): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What something is compared by, in words. */
export function titleOf(compared: string): string {
  return compared === "success" ? "answered at all" : compared;
}

/** `12,345.67`; what is not known is a dash. */
export function toNumber(value: number | null | undefined): string {
  return value === null || value === undefined
    ? "–"
    : inGroups(String(Math.round(value * 100) / 100));
}

/** `$12.30`, `$0.00123`. The cost of a run without prices is 0, which is to say unknown: callers give null. */
export function toMoney(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  const digits = size === 0 || size >= 0.1
    ? size.toFixed(2)
    : size.toFixed(2 - Math.floor(Math.log10(size))).replace(/0+$/, "");
  return `${value < 0 ? "-" : ""}$${inGroups(digits)}`;
}

/** By hand: the first use of Intl took half the time that the script of the page takes to begin. */
function inGroups(digits: string): string {
  const [whole, part] = digits.split(".");
  const groups = whole.replaceAll(/\B(?=(\d{3})+$)/g, ",");
  return part === undefined ? groups : `${groups}.${part}`;
}

/** What was spent, USD, and of how much where there is a ceiling. */
export function toSpent(spent: number | null, most: number | null): string {
  return most === null
    ? toMoney(spent)
    : `${toMoney(spent ?? 0)} of at most ${toMoney(most)}`;
}

/** `0.47` of a share is `47 %`. */
export function toPercent(share: number | null | undefined): string {
  return share === null || share === undefined
    ? "–"
    : `${toNumber(Math.round(share * 1_000) / 10)} %`;
}

/** A score with as many digits as tell scores apart. */
export function toScore(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  // The end of an interval may miss 0 by what is rounded.
  return Math.abs(value) < 1e-7 ? "0" : String(Number(value.toPrecision(3)));
}

/** A mean with its 95 % interval, in words. */
export function describeMean(
  mean: number,
  low: number | null,
  high: number | null,
  format: (value: number) => string = toScore,
): string {
  return low === null || high === null
    ? format(mean)
    : `${format(mean)}, 95 % between ${format(low)} and ${format(high)}`;
}

/** Below 0.001 more digits tell nothing. */
export function toP(p: number | null): string {
  return p !== null && p < 0.001 ? "< 0.001" : toScore(p);
}

/** `850 ms`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`; of one unit `3 min`, `2 h`, `3 d`. */
export function toDuration(
  milliseconds: number | null | undefined,
  most = 2,
): string {
  if (milliseconds === null || milliseconds === undefined) return "–";
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 10_000) return `${(milliseconds / 1_000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1_000);
  const units = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]] as const;
  const first = units.findIndex(([, size]) => seconds >= size);
  let left = seconds;
  return units.slice(first, first + most).map(([unit, size]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return count === 0 ? "" : `${count} ${unit}`;
  }).filter((part) => part !== "").join(" ");
}

/** A score with its sign. */
export function toSigned(value: number | null): string {
  return value === null
    ? "–"
    : `${value > 0 ? "+" : value < 0 ? "−" : ""}${toScore(Math.abs(value))}`;
}

/** `850 B`, `12.3 kB`, `1.2 MB`; what is not known is a dash. */
export function toBytes(bytes: number | null): string {
  if (bytes === null) return "–";
  const units = ["B", "kB", "MB", "GB", "TB"];
  const place = bytes < 1 ? 0 : Math.min(
    Math.floor(Math.log10(bytes) / 3),
    units.length - 1,
  );
  const size = bytes / 1_000 ** place;
  return `${Number(size.toPrecision(3))} ${units[place]}`;
}
