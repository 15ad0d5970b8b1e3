import { textOrUndefined } from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { textTurn } from "./text_turn.ts";

/**
 * SillyTavern's chat files: a header line `{user_name, character_name}`, then
 * `{name, is_user, is_system, send_date, mes}`.
 */
export const sillytavern = eventFormat({
  name: "sillytavern",
  matches: (record) =>
    (record.user_name !== undefined && record.character_name !== undefined) ||
    (typeof record.is_user === "boolean" && typeof record.mes === "string"),
  about: ({ character_name }) => ({ title: textOrUndefined(character_name) }),
  ignored: { system: "a notice of the program" },
  turnOf: ({ is_user, is_system, mes, send_date }) => {
    if (is_system === true) return "system";
    const role = is_user === true ? "user" : "assistant";
    return textTurn(role, mes, { time: send_date });
  },
});
