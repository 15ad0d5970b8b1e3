import { levenshteinDistance } from "@std/text/levenshtein-distance";

/** A sentence with the name that was meant, such as `. Did you mean run?`; "": none is near. */
export function didYouMean(given: string, names: string[]): string {
  const most = Math.max(1, Math.floor(given.length / 3));
  const [nearest] = names
    .map((name) => ({ name, distance: levenshteinDistance(given, name) }))
    .filter(({ distance }) => distance <= most)
    .sort((one, other) => one.distance - other.distance);
  return nearest ? `. Did you mean ${nearest.name}?` : "";
}
