import { createRandom } from "../local/model_simulator/latency.ts";

/** The shapes of archives that are generated. */
export const ARCHIVE_SHAPES = ["chatgpt", "messages", "claude"] as const;
export type ArchiveShape = (typeof ARCHIVE_SHAPES)[number];

const WORDS =
  "the of and to in is that it for on with as this are be by have from at or an was not can will if which use when how heron river model table function value error list string import return const where query index file line code test small large first next because between during should would without"
    .split(" ");
const CHUNK_CHARACTERS = 256 * 1024;
// Conversations are made once and used again with other ids: making text takes longer than reading it.
const POOL = 400;

/**
 * An archive of about `size` bytes, the same for the same seed: a ChatGPT-like or Claude-like list
 * with the members and ids that the vendors write, or lines of OpenAI messages. Conversations have 2
 * to 16 turns, prompts 20 to 400 characters, answers 200 to 3,000; half of the conversations have
 * typographic characters, which the ChatGPT-like list escapes as ChatGPT does.
 */
export function* generateArchive(
  shape: ArchiveShape,
  size: number,
  seed = 1,
): Generator<Uint8Array> {
  const random = createRandom(seed);
  const pool = Array.from({ length: POOL }, () => makeTexts(random));
  const encoder = new TextEncoder();
  const isList = shape !== "messages";
  let batch = isList ? "[" : "";
  let made = 0;
  for (let number = 0; made + batch.length < size; number++) {
    const texts = pool[Math.floor(random() * POOL)];
    const json = JSON.stringify(SHAPES[shape](number, texts));
    const text = shape === "chatgpt" ? escapeToAscii(json) : json;
    batch += isList ? (number === 0 ? text : `,${text}`) : `${text}\n`;
    if (batch.length < CHUNK_CHARACTERS) continue;
    const bytes = encoder.encode(batch);
    made += bytes.length;
    batch = "";
    yield bytes;
  }
  yield encoder.encode(isList ? `${batch}]` : batch);
}

function escapeToAscii(json: string): string {
  return json.replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function makeTexts(random: () => number): string[] {
  const turns = 2 * (1 + Math.floor(random() * 8));
  const typographic = random() < 0.5;
  return Array.from({ length: turns }, (_, turn) => {
    const [least, most] = turn % 2 === 0 ? [20, 400] : [200, 3000];
    return makeText(random, least + random() * (most - least), typographic);
  });
}

/** Markdown as models write it: paragraphs, lists, and code in every third answer. */
function makeText(
  random: () => number,
  length: number,
  typographic: boolean,
): string {
  let text = "";
  while (text.length < length) {
    const dice = random();
    text += dice < 0.2
      ? makeCode(random)
      : dice < 0.5
      ? `- **${words(random, 2)}**: ${words(random, 9)}\n`
      : `${words(random, 14)}. ${words(random, 11)}.\n\n`;
    if (typographic && dice > 0.6) text += "It’s “quoted” – and that’s it. ✅ ";
  }
  return text;
}

function makeCode(random: () => number): string {
  const lines = Array.from(
    { length: 4 },
    () => `    const ${words(random, 1)} = "${words(random, 2)}";`,
  );
  return `\`\`\`ts\n${lines.join("\n")}\n\`\`\`\n\n`;
}

function words(random: () => number, count: number): string {
  let text = "";
  for (let word = 0; word < count; word++) {
    text += (word === 0 ? "" : " ") +
      WORDS[Math.floor(random() * WORDS.length)];
  }
  return text;
}

const SHAPES: Record<
  ArchiveShape,
  (number: number, texts: string[]) => unknown
> = {
  chatgpt: chatgptConversation,
  claude: claudeConversation,
  messages: (_, texts) => ({
    messages: texts.map((content, turn) => ({
      role: turn % 2 === 0 ? "user" : "assistant",
      content,
    })),
  }),
};

/** A UUID of a conversation's message, or with -1 of the conversation itself. */
function uuid(conversation: number, message: number): string {
  const hex = (value: number, digits: number) =>
    (value >>> 0).toString(16).padStart(8, "0").slice(8 - digits);
  const mixed = Math.imul(conversation + 1, 0x9e3779b1) ^
    Math.imul(message + 2, 0x85ebca6b);
  return `${hex(mixed, 8)}-${hex(message, 4)}-4${hex(mixed >> 7, 3)}-a${
    hex(mixed >> 13, 3)
  }-${hex(Math.imul(mixed, 31), 4)}${hex(conversation, 8)}`;
}

/** As in an export of 2024: every conversation begins with a hidden message. */
function chatgptConversation(number: number, texts: string[]) {
  const id = uuid(number, -1);
  const hidden = chatgptNode(number, 0, texts.length, {
    role: "system",
    text: "",
    metadata: { is_visually_hidden_from_conversation: true },
  });
  const mapping: Record<string, unknown> = {
    "client-created-root": {
      id: "client-created-root",
      message: null,
      parent: null,
      children: [hidden.id],
    },
    [hidden.id]: hidden,
  };
  texts.forEach((text, turn) => {
    const node = chatgptNode(number, turn + 1, texts.length, {
      role: turn % 2 === 0 ? "user" : "assistant",
      text,
      metadata: turn % 2 === 0
        ? USER_METADATA
        : { ...ANSWER_METADATA, parent_id: uuid(number, turn) },
    });
    mapping[node.id] = node;
  });
  return {
    title: `Conversation ${number}`,
    create_time: 1712345678.123456,
    update_time: 1712345789.654321,
    mapping,
    moderation_results: [],
    current_node: uuid(number, texts.length),
    plugin_ids: null,
    conversation_id: id,
    conversation_template_id: null,
    gizmo_id: null,
    is_archived: false,
    safe_urls: [],
    default_model_slug: "gpt-4o",
    id,
  };
}

const USER_METADATA = {
  request_id: "8a1b2c3d4e5f6a7b-FRA",
  timestamp_: "absolute",
  message_type: null,
};

const ANSWER_METADATA = {
  finish_details: { type: "stop", stop_tokens: [200002] },
  citations: [],
  gizmo_id: null,
  message_type: null,
  model_slug: "gpt-4o",
  default_model_slug: "gpt-4o",
  is_complete: true,
  request_id: "8a1b2c3d4e5f6a7b-FRA",
  timestamp_: "absolute",
};

function chatgptNode(
  conversation: number,
  place: number,
  last: number,
  { role, text, metadata }: { role: string; text: string; metadata: object },
) {
  const id = uuid(conversation, place);
  const isHidden = role === "system";
  return {
    id,
    message: {
      id,
      author: { role, name: null, metadata: {} },
      create_time: isHidden ? null : 1712345678.123456 + place,
      update_time: null,
      content: { content_type: "text", parts: [text] },
      status: "finished_successfully",
      end_turn: role === "user" ? null : true,
      weight: isHidden ? 0 : 1,
      metadata,
      recipient: "all",
      channel: null,
    },
    parent: place === 0 ? "client-created-root" : uuid(conversation, place - 1),
    children: place < last ? [uuid(conversation, place + 1)] : [],
  };
}

function claudeConversation(number: number, texts: string[]) {
  return {
    uuid: uuid(number, -1),
    name: `Conversation ${number}`,
    summary: "",
    created_at: "2025-03-01T10:41:17.284913Z",
    updated_at: "2025-03-01T11:12:13.617283Z",
    account: { uuid: uuid(0, -1) },
    chat_messages: texts.map((text, turn) => ({
      uuid: uuid(number, turn),
      text,
      content: [{
        start_timestamp: "2025-03-01T10:41:17.284913Z",
        stop_timestamp: "2025-03-01T10:41:19.928374Z",
        type: "text",
        text,
        citations: [],
      }],
      sender: turn % 2 === 0 ? "human" : "assistant",
      created_at: "2025-03-01T10:41:17.284913Z",
      updated_at: "2025-03-01T10:41:17.284913Z",
      attachments: [],
      files: [],
    })),
  };
}
