import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { gzipSync } from "node:zlib";
import { extractOptionsSchema } from "./options.ts";
import { readArchive } from "./read_archive.ts";
import {
  chatgptConversation,
  chatMessages,
  claudeConversation,
} from "./testing/archives.ts";
import {
  collect,
  type CollectedArchive,
  lines,
  toBytes,
} from "./testing/collect.ts";

const manyChatgpt = Array.from(
  { length: 200 },
  (_, n) => chatgptConversation(`c${n}`, `question ${n}`, `answer ${n}`),
);

/** Reads again from every checkpoint and expects exactly the rest. */
async function continuesFromEverywhere(
  bytes: Uint8Array,
  settings: { checkpointBytes: number },
  ranges = true,
): Promise<CollectedArchive> {
  const whole = await collect(bytes, settings);
  assert(whole.checkpoints.length > 2, "the archive is large enough to be cut");
  for (const { cursor, promptsBefore } of whole.checkpoints) {
    const from = JSON.parse(JSON.stringify(cursor));
    const rest = await collect(ranges ? bytes.slice(from.offset) : bytes, {
      ...settings,
      from,
      skip: ranges ? 0 : from.offset,
    });
    assertEquals(rest.prompts, whole.prompts.slice(promptsBefore));
    assertEquals(rest.places, whole.places.slice(promptsBefore));
    assertEquals(rest.end, whole.end);
  }
  return whole;
}

Deno.test("readArchive() gives prompts with text, answer and place", async () => {
  const { prompts, end, errors } = await collect([
    chatgptConversation("one", "What is a heron?", "A bird."),
  ]);
  assertEquals(errors, []);
  assertEquals(end, {
    format: "chatgpt",
    conversations: 1,
    prompts: 1,
    skipped: 0,
  });
  assertEquals(prompts[0], {
    text: "What is a heron?",
    reference: "A bird.",
    source: {
      bucket: "bucket",
      path: "archive",
      format: "chatgpt",
      position: 0,
      conversation: { id: "one", title: "Title of one" },
      messageId: "message-0",
      time: "2023-11-14T22:13:20.000Z",
      model: "gpt-4o",
    },
  });
});

Deno.test("readArchive() gives the same whatever the size of chunks", async () => {
  const bytes = toBytes(manyChatgpt);
  const whole = await collect(bytes);
  assertEquals(whole.prompts.length, 200);
  for (const chunkBytes of [1, 7, 1000]) {
    assertEquals(await collect(bytes, { chunkBytes }), whole);
  }
});

Deno.test("readArchive() continues a list from every checkpoint", async () => {
  await continuesFromEverywhere(toBytes(manyChatgpt), {
    checkpointBytes: 1000,
  });
});

Deno.test("readArchive() continues where the server ignores ranges", async () => {
  const bytes = toBytes(manyChatgpt);
  await continuesFromEverywhere(bytes, { checkpointBytes: 20_000 }, false);
});

Deno.test("readArchive() continues lines from every checkpoint", async () => {
  const conversations = manyChatgpt.map((_, n) => ({
    messages: chatMessages(`question ${n}`, `answer ${n}`),
  }));
  await continuesFromEverywhere(toBytes(lines(...conversations)), {
    checkpointBytes: 2000,
  });
});

Deno.test("readArchive() continues a wrapped list from every checkpoint", async () => {
  const conversations = manyChatgpt.map((_, n) => ({
    id: `c${n}`,
    messages: chatMessages(`question ${n}`, `answer ${n}`),
  }));
  const bytes = toBytes({ version: 1, conversations, after: { more: [1, 2] } });
  const whole = await continuesFromEverywhere(bytes, { checkpointBytes: 2000 });
  assertEquals(whole.end.conversations, 200);
  assertEquals(whole.errors, []);
});

Deno.test("readArchive() continues gzip by reading again from the start", async () => {
  const bytes = new Uint8Array(gzipSync(toBytes(manyChatgpt)));
  const whole = await continuesFromEverywhere(bytes, {
    checkpointBytes: 20_000,
  });
  assert(whole.checkpoints.every(({ cursor }) => cursor.offset === 0));
});

Deno.test("readArchive() keeps places when a newer export holds more conversations", async () => {
  const older = await collect([claudeConversation("a", "first", "answer")]);
  const newer = await collect([
    claudeConversation("b", "other", "answer"),
    claudeConversation("a", "first", "answer"),
  ]);
  assertStrictEquals(newer.places[1], older.places[0]);
  assertEquals(new Set(newer.places).size, 2);
});

Deno.test("readArchive() reads records of several shapes in one file", async () => {
  const { texts, errors } = await collect(lines(
    { messages: chatMessages("one", "answer") },
    { chat_messages: [{ sender: "human", text: "two" }] },
    { unexpected: true },
    { messages: chatMessages("three", "answer") },
  ));
  assertEquals(texts, ["one", "two", "three"]);
  assertEquals(errors.length, 1);
  assertEquals(errors[0].code, "unknown_shape");
  assertEquals(errors[0].record, 2);
  assertMatch(errors[0].message, /unexpected/);
});

Deno.test("readArchive() throws what its bytes throw", async () => {
  const broken = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(toBytes("[")),
    pull: (controller) => controller.error(new Error("connection reset")),
  });
  const events = readArchive(
    broken,
    { path: "archive" },
    extractOptionsSchema.parse({}),
  );
  await assertRejects(() => Array.fromAsync(events), Error, "connection reset");
});
