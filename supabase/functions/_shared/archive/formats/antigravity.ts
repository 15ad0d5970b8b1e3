import type { JsonObject } from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { insideBlock, withoutBlocks } from "./injected_text.ts";
import { textTurn } from "./text_turn.ts";

const IGNORED = {
  "step/model/*": "a tool's call or what it answered",
  "step/system/*": "a notice of the program",
};

/**
 * Google Antigravity's `transcript.jsonl` and `transcript_full.jsonl`: steps `{step_index, source, type,
 * content}`. What a person typed stands in `<USER_REQUEST>`, and what the program adds after or in it.
 * The database of a conversation beside it is encrypted in part. vshulcz/deja-vu, pull request 68;
 * Dicklesworthstone/coding_agent_session_search, tests/fixtures/antigravity.
 */
export const antigravity = eventFormat({
  name: "antigravity",
  matches: ({ source, type, step_index }) =>
    source === "USER_EXPLICIT" ||
    typeof step_index === "number" && typeof type === "string" &&
      typeof source === "string",
  ignored: IGNORED,
  turnOf: (step) => {
    const { source, type, content, created_at: time } = step;
    if (source === "USER_EXPLICIT") {
      return textTurn("user", typedBy(step), { time });
    }
    return source === "MODEL" &&
        (type ?? "PLANNER_RESPONSE") === "PLANNER_RESPONSE"
      ? textTurn("assistant", content, { time })
      : `step/${source}/${type}`.toLowerCase();
  },
});

function typedBy({ content }: JsonObject): string | undefined {
  if (typeof content !== "string") return undefined;
  return withoutBlocks(insideBlock(content, "USER_REQUEST") ?? content, [
    "ADDITIONAL_METADATA",
    "USER_SETTINGS_CHANGE",
  ]);
}
