import type { Conversation, Turn } from "../conversation.ts";
import {
  firstObject,
  isObject,
  type Json,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { alsoIgnoring, type Ignored } from "../left_out.ts";
import type { Projection } from "../records/projection/projection.ts";

/** A format in which one record holds whole conversations. */
export interface ConversationFormat {
  kind: "conversation";
  name: string;
  /** What is no turn on purpose, beside what its helpers ignore. */
  ignored?: Ignored;
  /** True when the record has this shape; called for every record, so it must be cheap. */
  matches(record: Json | undefined): boolean;
  read(record: Json): Conversation[];
  /** The member with the messages, of a record that does not match only because it is missing or null. */
  lacksMessages?(record: JsonObject): string | undefined;
  /** True for a record that does not match only because its messages are none. */
  isEmpty?(record: JsonObject): boolean;
  /** What `read` looks at: from some record on, a list's records come without the rest. */
  projection?: Projection;
  /** False for a record of which the projection leaves out what is needed. */
  isEnough?(record: JsonObject): boolean;
}

/** A format in which one record is a message or an event. */
export interface MessageFormat {
  kind: "message";
  name: string;
  /** What is no turn on purpose, beside what its helpers ignore. */
  ignored?: Ignored;
  matches(record: Json | undefined): boolean;
  /**
   * Id of the conversation that the record belongs to; undefined when the file is the conversation,
   * null when the record is one of its own.
   */
  conversationOf(record: JsonObject): string | undefined | null;
  open(id: string | undefined): ConversationBuilder;
}

/** Gathers what a format needs of the records of one conversation. */
export interface ConversationBuilder {
  /** Takes a record, in the order of the file; true when something of it is held. */
  add(record: JsonObject): boolean;
  /** One conversation as a rule; several where only the whole file tells them apart. */
  build(): Conversation[];
}

/** A format that is recognised so that it is not mistaken for a chat with a model. */
export interface RefusedFormat {
  kind: "refused";
  name: string;
  matches(record: Json | undefined): boolean;
  reason: string;
}

export type ArchiveFormat = ConversationFormat | MessageFormat | RefusedFormat;

/** The parts of a format that reads objects and nothing else. */
type ObjectParts<Format, Read = unknown> =
  & Omit<Format, "kind" | "matches" | "read">
  & { matches(record: JsonObject): boolean }
  & Read;

/** A conversation as it is found: names are whatever stands in their place, and turns may be missing. */
export interface ReadConversation extends Pick<Conversation, "isCall"> {
  id?: Json;
  title?: Json;
  model?: Json;
  turns: (Turn | undefined)[];
}

/** Builds a format in which every record is an object that holds whole conversations. */
export function conversationFormat(
  { matches, read, ...parts }: ObjectParts<
    ConversationFormat,
    { read(record: JsonObject): (ReadConversation | undefined)[] }
  >,
): ConversationFormat {
  return {
    ...parts,
    kind: "conversation",
    matches: (record) => isObject(record) && matches(record),
    read: (record) =>
      isObject(record)
        ? read(record).filter((found) => found !== undefined)
          .map(toConversation)
        : [],
  };
}

function toConversation(
  { id, title, model, turns, ...more }: ReadConversation,
): Conversation {
  return {
    ...more,
    id: textOrUndefined(id),
    title: textOrUndefined(title),
    model: textOrUndefined(model),
    turns: turns.filter((turn) => turn !== undefined),
  };
}

/** The records of a message format as a list in one object, where `recordsIn` finds it. */
export function listedFormat(
  name: string,
  format: MessageFormat,
  recordsIn: (record: JsonObject) => Json | undefined,
): ConversationFormat {
  return conversationFormat({
    name,
    matches: (record) => format.matches(firstObject(recordsIn(record))),
    read: (record) => buildAll(format, objectsOf(recordsIn(record))),
  });
}

/** Builds a format in which every record is an object; without `conversationOf` a file is one conversation. */
export function messageFormat(
  { matches, ...parts }: ObjectParts<
    Omit<MessageFormat, "conversationOf"> & Partial<MessageFormat>
  >,
): MessageFormat {
  return {
    conversationOf: () => undefined,
    ...parts,
    kind: "message",
    matches: (record) => isObject(record) && matches(record),
  };
}

/** Builds a format that is recognised by objects and refused. */
export function refusedFormat(
  { matches, ...parts }: ObjectParts<RefusedFormat>,
): RefusedFormat {
  return {
    ...parts,
    kind: "refused",
    matches: (record) => isObject(record) && matches(record),
  };
}

/** The conversations that a message format finds in a list of its records. */
export function buildAll(
  format: MessageFormat,
  records: JsonObject[],
): Conversation[] {
  return alsoIgnoring(format.ignored, () => buildEach(format, records));
}

function buildEach(
  format: MessageFormat,
  records: JsonObject[],
): Conversation[] {
  const builders = new Map<string, ConversationBuilder>();
  records.forEach((record, index) => {
    const id = format.conversationOf(record);
    const key = id === null ? `record ${index}` : `id ${id}`;
    let builder = builders.get(key);
    if (builder === undefined) {
      builder = format.open(id ?? undefined);
      builders.set(key, builder);
    }
    const held = builder.add(record);
    if (id === null && !held) builders.delete(key);
  });
  return [...builders.values()].flatMap((builder) => builder.build());
}
