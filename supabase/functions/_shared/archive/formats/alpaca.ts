import { type Json, textOrUndefined } from "../json.ts";
import { conversationFormat } from "./format.ts";
import { textTurn } from "./text_turn.ts";

/**
 * Alpaca: `{instruction, input, output, system, history: [[user, assistant]]}`; Dolly writes
 * `context` and `response`. Instruction and input are one prompt, pairs of the history are prompts.
 */
export const alpaca = conversationFormat({
  name: "alpaca",
  matches: (record) =>
    typeof record.instruction === "string" &&
    (record.output !== undefined || record.response !== undefined ||
      record.input !== undefined),
  read: (record) => {
    const rest = textOrUndefined(record.input) ??
      textOrUndefined(record.context);
    const instruction = String(record.instruction);
    return [{
      id: record.id,
      turns: [
        textTurn("system", record.system),
        ...(Array.isArray(record.history) ? record.history : [])
          .flatMap(pairTurns),
        {
          role: "user",
          text: rest === undefined ? instruction : `${instruction}\n${rest}`,
        },
        textTurn("assistant", record.output ?? record.response),
      ],
    }];
  },
});

function pairTurns(pair: Json) {
  if (!Array.isArray(pair)) return [];
  const [asked, answered] = pair;
  return [textTurn("user", asked), textTurn("assistant", answered)];
}
