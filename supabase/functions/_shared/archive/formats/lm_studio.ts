import type { Turn } from "../conversation.ts";
import { firstObject, type JsonObject, objectsOf } from "../json.ts";
import { conversationFormat } from "./format.ts";
import { roleOf } from "./role_of.ts";
import { textOf } from "./text_of.ts";

/**
 * LM Studio (`*.conversation.json`): `{name, messages: [{versions, currentlySelected}]}`. Every
 * version of a user message is a prompt, the one selected is on the shown branch.
 */
export const lmStudio = conversationFormat({
  name: "lm_studio",
  matches: (record) => Array.isArray(firstObject(record.messages)?.versions),
  read: (record) => {
    const turns: Turn[] = [];
    if (typeof record.systemPrompt === "string" && record.systemPrompt) {
      turns.push({ role: "system", text: record.systemPrompt, parent: -1 });
    }
    let above = turns.length - 1;
    for (const message of objectsOf(record.messages)) {
      above = pushVersions(turns, message, above);
    }
    return [{
      title: record.name ?? record.title,
      turns,
    }];
  },
});

/** Adds the versions as siblings and gives the index of the selected one. */
function pushVersions(
  turns: Turn[],
  message: JsonObject,
  above: number,
): number {
  const versions = objectsOf(message.versions);
  const chosen = typeof message.currentlySelected === "number"
    ? message.currentlySelected
    : versions.length - 1;
  let selected = above;
  versions.forEach((version, index) => {
    const role = roleOf(version.role);
    const text = version.type === "multiStep"
      ? stepsText(version)
      : textOf(version.content);
    if (role === undefined || text === "") return;
    const shown = index === chosen;
    if (shown) selected = turns.length;
    turns.push({ role, text, parent: above, ...!shown && { offBranch: true } });
  });
  return selected;
}

function stepsText(version: JsonObject): string {
  return objectsOf(version.steps)
    .filter((step) => step.type === "contentBlock")
    .map((step) => textOf(step.content))
    .filter((text) => text !== "").join("\n");
}
