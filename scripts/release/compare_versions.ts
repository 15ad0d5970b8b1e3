/** The version that one which is being worked on will be: 1.1.0 of 1.1.0-dev. */
export function releasedAs(version: string): string {
  return version.replace(/-.*$/, "");
}

/** Below 0 when the first is older; what stands behind a "-" counts for nothing, as in SQL. */
export function compareVersions(one: string, other: string): number {
  const [these, those] = [one, other].map((version) =>
    releasedAs(version).split(".").map(Number)
  );
  const place = these.findIndex((number, index) => number !== those[index]);
  return place < 0 ? 0 : these[place] - those[place];
}
