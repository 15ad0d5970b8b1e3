import {
  isObject,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { storedJson } from "../records/stored_json.ts";
import { conversationFormat } from "./format.ts";
import { groupBy } from "./group_by.ts";
import { listTurns } from "./list_turns.ts";

/**
 * Cherry Studio's backup, `data.json` of its zip: `indexedDB.topics` are conversations, whose messages
 * name their words by `blocks`, rows of `indexedDB.message_blocks`; titles are in `localStorage`, as text
 * that is JSON. Older backups have the words in the messages. A topic that was deleted in the program may
 * still be there (CherryHQ/cherry-studio#9846). AQBot-Desktop/AQBot#101.
 */
export const cherryStudio = conversationFormat({
  name: "cherry_studio",
  matches: ({ indexedDB }) =>
    isObject(indexedDB) && Array.isArray(indexedDB.topics),
  read: ({ indexedDB, localStorage }) => {
    const { topics, message_blocks } = objectOrEmpty(indexedDB);
    const blocks = groupBy(
      objectsOf(message_blocks),
      ({ messageId }) => messageId,
    );
    const titles = titlesIn(objectOrEmpty(localStorage));
    return objectsOf(topics).map(({ id, name, messages }) => ({
      id,
      title: textOrUndefined(name) ?? titles.get(id),
      turns: listTurns(
        objectsOf(messages).map((message) => ({
          ...message,
          // An object: the model with its provider.
          model: objectOrEmpty(message.model).id ?? message.modelId,
          content: wordsOf(message, blocks.get(message.id) ?? []),
        })),
      ),
    }));
  },
});

/** Its blocks in their order; thoughts, tools, files and errors have other types. */
function wordsOf({ content, blocks }: JsonObject, own: JsonObject[]) {
  if (!Array.isArray(blocks)) return content;
  const places = new Map(blocks.map((id, place) => [id, place]));
  const placeOf = ({ id }: JsonObject) => places.get(id ?? null) ?? -1;
  return own.toSorted((a, b) => placeOf(a) - placeOf(b))
    .filter(({ type }) => type === "main_text" || type === "code")
    .map((block) => block.content ?? null);
}

function titlesIn(localStorage: JsonObject) {
  const stored = objectOrEmpty(
    storedJson(localStorage["persist:cherry-studio"]),
  );
  const { assistants } = objectOrEmpty(storedJson(stored.assistants));
  return new Map(
    objectsOf(assistants).flatMap(({ topics }) => objectsOf(topics))
      .map(({ id, name }) => [id, textOrUndefined(name)]),
  );
}
