import { objectOrEmpty } from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { messageTurn } from "./list_turns.ts";

const IGNORED = {
  "user/plugin": "context that the program added",
  "assistant/chunk": "a piece of what `assistant/message` has whole",
  "tool/*": "tools",
};

/**
 * Sessions of DeepSeek's agent for the terminal, `session.jsonl`: `{type: "user/message", time, data:
 * {content, role, source: {kind: "user"}}}` and `assistant/message` with `data.message`. Plugins write as
 * users, too. vshulcz/deja-vu, fixtures/registry/deepseek.
 */
export const deepseekCli = eventFormat({
  name: "deepseek_cli",
  matches: ({ type, seq }) =>
    (type === "user/message" || type === "assistant/message") &&
    typeof seq === "number",
  ignored: IGNORED,
  about: ({ type, data }) => {
    const { title } = objectOrEmpty(data);
    return type === "session/title" && typeof title === "string"
      ? { title }
      : undefined;
  },
  turnOf: ({ type, data, time }) => {
    const { message, source, ...said } = objectOrEmpty(data);
    if (type === "assistant/message") {
      return messageTurn({ ...objectOrEmpty(message), time });
    }
    if (type !== "user/message") return undefined;
    return objectOrEmpty(source).kind === "user"
      ? messageTurn({ ...said, time })
      : "user/plugin";
  },
});
