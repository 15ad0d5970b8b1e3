import type { Manifest } from "./names.ts";

/**
 * What functions of the release before would miss: the Data API calls by names of arguments, so that
 * each of them must still be there, and a new one must be one that may be left out. Empty: nothing.
 */
export function findUnserved(before: Manifest, after: Manifest): string[] {
  const now = Object.entries(after.functions).map(([signature, called]) => ({
    name: nameOf(signature),
    ...readCall(called),
  }));
  return Object.entries(before.functions)
    .filter(([signature]) => signature.startsWith("public."))
    .filter(([signature, called]) => {
      const before = readCall(called);
      return !now.some((offered) =>
        offered.name === nameOf(signature) &&
        offered.result === before.result &&
        before.names.every((name) => offered.names.includes(name)) &&
        offered.needed.every((name) => before.needed.includes(name))
      );
    })
    .map(([signature]) => signature);
}

const nameOf = (signature: string) => signature.replace(/\(.*/s, "");

function readCall(called: string) {
  const [given, result] = called.split("→ ");
  const all = given.split(" ").filter(Boolean);
  return {
    names: all.map((name) => name.replace("?", "")),
    needed: all.filter((name) => !name.endsWith("?")),
    result,
  };
}
