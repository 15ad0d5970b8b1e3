import { conversationIdOf } from "../conversation_id.ts";
import { isObject, type JsonObject, objectOrEmpty } from "../json.ts";
import { storedJson } from "../records/stored_json.ts";
import { isKnownAuthor } from "./bare_messages.ts";
import { eventFormat } from "./event_format.ts";
import { authorOf } from "./list_turns.ts";
import { roleOf } from "./role_of.ts";
import { linkOf, tableTurn } from "./table_turn.ts";

const MESSAGE_COLUMNS = ["message", "message_data", "event_data"];

/**
 * Rows of a table whose author and words are one level down, as JSON or text that is JSON: n8n and
 * LangChain, `{id, session_id, message: {type: "human", content}}` or `{type, data: {content}}`; the
 * OpenAI Agents SDK, `message_data`; Google's ADK, `event_data: {author, content: {role, parts}}`.
 * langchain-ai/langchainjs, libs/langchain-community/src/stores/message/postgres.ts;
 * langchain-ai/langchain-postgres, chat_message_histories.py; openai/openai-agents-python,
 * extensions/memory/sqlalchemy_session.py; google/adk-python, sessions/schemas/v1.py.
 */
export const messageRows = eventFormat({
  name: "message_rows",
  matches: (record) => {
    const message = messageOf(record);
    return message !== undefined && !isKnownAuthor(record) &&
      conversationIdOf(record) !== undefined &&
      (isKnownAuthor(withRole(message)) || /^function/.test(`${message.type}`));
  },
  conversationOf: conversationIdOf,
  turnOf: (record) => {
    // The system prompt of a conversation is no row.
    const message = messageOf(record) ?? (record.role ? record : undefined);
    if (message === undefined) {
      throw new TypeError("its message is no JSON object");
    }
    const inner = withRole(message);
    const role = roleOf(authorOf(inner)) === undefined
      ? record.role
      : undefined;
    return tableTurn(record, {
      ...inner,
      ...role && { role },
      // The row is known by its own id.
      id: record.id ?? inner.id,
      created_at: record.created_at ?? record.timestamp ?? inner.created_at ??
        inner.timestamp,
    });
  },
  linkOf,
});

function messageOf(record: JsonObject): JsonObject | undefined {
  for (const column of MESSAGE_COLUMNS) {
    const message = storedJson(record[column]);
    if (isObject(message)) return message;
  }
  return undefined;
}

/** ADK's author is the name of an agent; the role is with the words. */
function withRole(message: JsonObject): JsonObject {
  const { role } = objectOrEmpty(message.content);
  return role === undefined ? message : { ...message, role };
}
