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

/** The address of this place with other choices; undefined takes one away. */
export function withQuery(
  change: Record<string, string | number | undefined>,
): string {
  const { path, query } = here.value;
  const changed = Object.entries({ ...query, ...change })
    .map(([name, value]) => [name, String(value ?? "")]);
  return toHash({ path, query: Object.fromEntries(changed) });
}

/** The address of another place. */
export function to(
  path: (string | number)[],
  query: Record<string, string | undefined> = {},
): string {
  return toHash({
    path: path.map(String),
    query: Object.fromEntries(
      Object.entries(query).map(([name, value]) => [name, value ?? ""]),
    ),
  });
}

/** Goes to an address; `replace` leaves no step for the browser's back. */
export function go(address: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  here.value = readPlace(address);
}
