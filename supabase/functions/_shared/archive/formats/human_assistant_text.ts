import type { Turn } from "../conversation.ts";

const MARKER = /(?:^|\n\n)(Human|Assistant): ?/g;

/**
 * The turns of a text in the old completions form, `\n\nHuman: …\n\nAssistant: …`; undefined when it
 * does not begin with one.
 */
export function humanAssistantTurns(text: string): Turn[] | undefined {
  if (!/^\s*(?:Human|Assistant):/.test(text)) return undefined;
  const turns: Turn[] = [];
  const start = text.trimStart();
  const marks = [...start.matchAll(MARKER)];
  marks.forEach((mark, index) => {
    const from = mark.index + mark[0].length;
    const said = start.slice(from, marks[index + 1]?.index).trim();
    if (said === "") return;
    turns.push({
      role: mark[1] === "Human" ? "user" : "assistant",
      text: said,
    });
  });
  return turns;
}
