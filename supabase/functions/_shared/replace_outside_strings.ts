/**
 * JSON text with what a pattern finds outside of its strings replaced.
 *
 * @param pattern with the flag g; finds nothing that has a quote
 */
export function replaceOutsideStrings(
  json: string,
  pattern: RegExp,
  replace: (found: string, at: number) => string,
): string {
  pattern.lastIndex = 0;
  let replaced = "";
  let copied = 0;
  // Up to here it is known which quotes open a string and which close one.
  let outside = 0;
  for (
    let match = pattern.exec(json);
    match !== null;
    match = pattern.exec(json)
  ) {
    for (
      let open = json.indexOf('"', outside);
      open >= 0 && open < match.index;
      open = json.indexOf('"', outside)
    ) outside = stringEnd(json, open);
    if (outside > match.index) {
      pattern.lastIndex = outside;
      continue;
    }
    replaced += json.slice(copied, match.index) +
      replace(match[0], match.index);
    copied = pattern.lastIndex;
  }
  return replaced + json.slice(copied);
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
