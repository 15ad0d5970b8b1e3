import { objectsOf, textOrUndefined } from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { messageTurn } from "./list_turns.ts";

/**
 * goose: a header with `working_dir`, then `{role, created, content: [{type: "text" | "toolRequest" |
 * "toolResponse"}]}` per line.
 */
export const goose = eventFormat({
  name: "goose",
  matches: (record) =>
    (typeof record.working_dir === "string" && record.role === undefined) ||
    (typeof record.role === "string" && record.created !== undefined &&
      objectsOf(record.content).some(({ type }) =>
        type === "toolRequest" || type === "toolResponse"
      )),
  about: (record) =>
    typeof record.working_dir === "string"
      ? {
        id: textOrUndefined(record.id),
        title: textOrUndefined(record.description),
      }
      : undefined,
  turnOf: messageTurn,
});
