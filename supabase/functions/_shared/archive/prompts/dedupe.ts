import { sha256 } from "./sha256.ts";

/** The text as it is compared: Unicode form, case and white space do not make a difference. */
export function normaliseForDedupe(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
}

/** Tells whether a text is new, in memory; a hosted run asks the database instead. */
export function createDedupe(): (text: string) => boolean {
  const seen = new Set<string>();
  return (text) => {
    const before = seen.size;
    seen.add(sha256(normaliseForDedupe(text)));
    return seen.size > before;
  };
}
