import type { Conversation } from "../conversation.ts";
import type { Json, JsonObject } from "../json.ts";

/** A format in which one record holds whole conversations. */
export interface ConversationFormat {
  kind: "conversation";
  name: string;
  /** True when the record has this shape; called for every record, so it must be cheap. */
  matches(record: Json): boolean;
  read(record: Json): Conversation[];
}

/** A format in which one record is a message or an event. */
export interface MessageFormat {
  kind: "message";
  name: string;
  matches(record: Json): boolean;
  /** Id of the conversation that the record belongs to; undefined when the file is the conversation. */
  conversationOf(record: JsonObject): string | undefined;
  /** The part of the record that `join` needs, undefined when it needs nothing: it is held until then. */
  keep(record: JsonObject): JsonObject | undefined;
  /** Makes one conversation of what was kept of it, in the order of the file. */
  join(kept: JsonObject[], id: string | undefined): Conversation;
}

/** A format that is recognised so that it is not mistaken for a chat with a model. */
export interface RefusedFormat {
  kind: "refused";
  name: string;
  matches(record: Json): boolean;
  reason: string;
}

export type ArchiveFormat = ConversationFormat | MessageFormat | RefusedFormat;
