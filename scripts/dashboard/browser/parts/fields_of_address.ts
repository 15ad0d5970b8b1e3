import { go, withQuery } from "../data/here.ts";

/** Binds a field to a name in the query of the address; what was counted is no longer true then. */
export function boundTo(query: Record<string, string>, name: string) {
  return {
    value: query[name] ?? "",
    commit: (value: string) =>
      go(withQuery({ [name]: value, dry: undefined }), { replace: true }),
  };
}
