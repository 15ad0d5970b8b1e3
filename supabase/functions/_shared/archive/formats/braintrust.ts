import {
  firstObject,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { leaveOut } from "../left_out.ts";
import { rowConversation } from "./dataset_row.ts";
import { conversationFormat } from "./format.ts";

/**
 * Braintrust's experiments, logs and data sets: `{id, input, output, expected, metadata, scores,
 * span_id, root_span_id, is_root}`, one each or as the API gives them in `events`. The root of a trace
 * is prompt and answer; what is below it repeats them. www.braintrust.dev/docs/reference/api.
 */
export const braintrust = conversationFormat({
  name: "braintrust",
  matches: (record) => isEvent(record) || isEvent(firstObject(listOf(record))),
  read: (record) =>
    (isEvent(record) ? [record] : objectsOf(listOf(record))).map(
      (event) => {
        if (!isRoot(event)) {
          leaveOut("span", event, { span: "below the root, which it repeats" });
          return undefined;
        }
        return rowConversation(withoutPlumbing(event), { firstText: true });
      },
    ),
});

function listOf({ events, data }: JsonObject) {
  return events ?? data;
}

function isEvent(record: JsonObject | undefined): boolean {
  return record?.input !== undefined &&
    (record.root_span_id !== undefined || record._xact_id !== undefined ||
      record.span_attributes !== undefined);
}

function isRoot({ is_root, span_id, root_span_id, span_parents }: JsonObject) {
  if (typeof is_root === "boolean") return is_root;
  return Array.isArray(span_parents)
    ? span_parents.length === 0
    : textOrUndefined(span_id) === textOrUndefined(root_span_id);
}

/** Ids and settings of Braintrust itself tell nothing of the prompt. */
function withoutPlumbing(event: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(event).filter(([key]) =>
      !/^_|_id$|^(?:span|is_root|root|origin|context|metrics|log_id|error$)/
        .test(key)
    ),
  );
}
