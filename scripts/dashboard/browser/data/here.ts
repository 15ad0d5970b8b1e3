import { signal } from "@preact/signals";
import { type Place, readPlace, toHash } from "./place.ts";

/** Where this tab is. */
export const here = signal<Place>(readPlace(globalThis.location?.hash ?? ""));

/** Follows the address: links and the browser's back need nothing else. */
export function followAddress(): void {
  addEventListener("hashchange", () => {
    here.value = readPlace(location.hash);
  });
}

/** Choices of an address; one that is "", null or undefined is none. */
export type Choices = Record<string, string | number | null | undefined>;

/** The address of this place with other choices. */
export function withQuery(change: Choices): string {
  const { path, query } = here.value;
  return to(path, { ...query, ...change });
}

/** The address of another place. */
export function to(path: (string | number)[], query: Choices = {}): string {
  const chosen = Object.entries(query)
    .map(([name, value]) => [name, String(value ?? "")]);
  return toHash({
    path: path.map(String),
    query: Object.fromEntries(chosen),
  });
}

/** Goes to an address; `replace` leaves no step for the browser's back. */
export function go(address: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  here.value = readPlace(address);
}
