import { assert, assertEquals, assertMatch } from "@std/assert";
import { gzipSync } from "node:zlib";
import {
  chatgptConversation,
  chatMessages,
  claudeConversation,
} from "../testing/archives.ts";
import { buildZip, type ZipFile } from "../testing/build_zip.ts";
import { joinBytes } from "../testing/change_bytes.ts";
import { collect, lines, toBytes } from "../testing/collect.ts";

function file(
  name: string,
  content: string | object,
  how: Partial<ZipFile> = {},
): ZipFile {
  return { name, content: toBytes(content), ...how };
}

const chats = [chatgptConversation("one", "first", "answer")];
const moreChats = [chatgptConversation("two", "second", "answer")];

Deno.test("openArchive() expands gzip of several members", async () => {
  const text = lines({ messages: chatMessages("first") });
  const bytes = joinBytes(
    new Uint8Array(gzipSync(text)),
    new Uint8Array(gzipSync(text.replace("first", "second"))),
  );
  for (const chunkBytes of [3, 1000]) {
    const { texts, errors } = await collect(bytes, { chunkBytes });
    assertEquals(errors, []);
    assertEquals(texts, ["first", "second"]);
  }
});

Deno.test("openArchive() gives what comes before the place where gzip breaks off", async () => {
  // Text that compresses badly, so that much of it lies before the cut.
  const records = Array.from({ length: 500 }, (_, n) => ({
    messages: chatMessages(`${Math.sin(n)} ${Math.cos(n)}`),
  }));
  const bytes = new Uint8Array(gzipSync(lines(...records)));
  const { texts, errors } = await collect(bytes.slice(0, bytes.length / 2));
  assert(texts.length > 100);
  assertEquals(errors.map(({ code }) => code), ["broken_compression"]);
});

Deno.test("openArchive() reads ChatGPT's zip and leaves out what is no archive", async () => {
  const zip = buildZip([
    file("chat.html", "<html>the same again</html>"),
    file("conversations-000.json", chats),
    file("conversations-001.json", moreChats),
    file("user.json", { id: "u", email: "a@example.com" }),
    file("message_feedback.json", []),
    file("image.png", "\x89PNG\r\n", { stored: true }),
    file("empty/", ""),
  ]);
  const { texts, errors, end, prompts } = await collect(zip);
  assertEquals(errors, []);
  assertEquals(texts, ["first", "second"]);
  assertEquals(end, {
    format: "chatgpt",
    conversations: 2,
    prompts: 2,
    skipped: 0,
  });
  assertEquals(prompts[1].source.entry, "conversations-001.json");
});

Deno.test("openArchive() reads Claude's zip", async () => {
  const { texts, errors } = await collect(buildZip([
    file("users.json", [{ uuid: "u", full_name: "Anna" }]),
    file("projects.json", [{ uuid: "p", name: "Herons", docs: [] }]),
    file("conversations.json", [claudeConversation("a", "first", "answer")]),
  ]));
  assertEquals(errors, []);
  assertEquals(texts, ["first"]);
});

Deno.test("openArchive() reports broken entries of a zip, and that none is an archive", async () => {
  const broken = await collect(buildZip([
    file("a.json", chats),
    file("b.json", JSON.stringify(moreChats).slice(0, 100)),
  ]));
  assertEquals(broken.texts, ["first"]);
  assertEquals(broken.errors.map(({ code, entry }) => [code, entry]), [
    ["cut_off", "b.json"],
  ]);
  const none = await collect(buildZip([file("a.txt", "hello")]));
  assertEquals(none.errors.map(({ code }) => code), ["not_json"]);
});

Deno.test("openArchive() reads entries however their size is told", async () => {
  const hows: Partial<ZipFile>[] = [
    {},
    { stored: true },
    { sizes: "behind" },
    { sizes: "behind, unsigned" },
    { sizes: "behind, 8 bytes" },
    { sizes: "behind", stored: true },
    { sizes: "in zip64 field" },
  ];
  const zip = buildZip(
    hows.map((how, number) =>
      file(
        `${number}.json`,
        [chatgptConversation(`c${number}`, `q${number}`)],
        how,
      )
    ),
  );
  const marked = joinBytes(toBytes("PK00"), zip);
  for (const chunkBytes of [1, 50, 100_000]) {
    const { texts, errors } = await collect(
      chunkBytes === 50 ? marked : zip,
      { chunkBytes },
    );
    assertEquals(errors, []);
    assertEquals(texts, hows.map((_, number) => `q${number}`));
  }
});

Deno.test("openArchive() is not misled by headers inside of compressed data", async () => {
  const inner = buildZip([file("inner.json", moreChats)]);
  const zip = buildZip([
    { name: "inner.zip", content: inner, stored: true, sizes: "behind" },
    file("conversations.json", chats, { sizes: "behind" }),
  ]);
  assertEquals((await collect(zip)).texts, ["first"]);
});

Deno.test("openArchive() says why it cannot expand an entry, and reads the others", async () => {
  const { texts, errors } = await collect(buildZip([
    file("a.json", chats, { encrypted: true }),
    file("b.json", chats, { method: 14 }),
    file("c.json", moreChats),
  ]));
  assertEquals(texts, ["second"]);
  assertMatch(errors[0].message, /encrypted/);
  assertMatch(errors[1].message, /method 14/);
});

Deno.test("openArchive() reports a zip that is cut off", async () => {
  const zip = buildZip([file("a.json", chats), file("b.json", moreChats)]);
  for (const size of [zip.length - 150, zip.length - 100, 200, 20]) {
    const { errors } = await collect(zip.slice(0, size));
    assertEquals(errors.map(({ code }) => code), ["broken_compression"]);
  }
});

Deno.test("openArchive() stops at a bomb", async () => {
  const bomb = `[{"title":"${"x".repeat(80 * 1024 * 1024)}","mapping":{}}]`;
  for (
    const bytes of [
      new Uint8Array(gzipSync(bomb)),
      buildZip([file("conversations.json", bomb)]),
    ]
  ) {
    const { errors } = await collect(bytes, { maxConversationBytes: 1000 });
    assert(errors.some(({ code }) => code === "expands_too_far"));
  }
});

Deno.test("openArchive() stops at the limit of expanded bytes", async () => {
  const bytes = new Uint8Array(gzipSync(JSON.stringify(
    Array.from({ length: 1000 }, (_, n) => chatgptConversation(`${n}`, "q")),
  )));
  const { errors, texts } = await collect(bytes, { maxExpandedBytes: 200_000 });
  assert(texts.length > 100);
  assertEquals(errors.map(({ code }) => code), ["expands_too_far"]);
  assertMatch(errors[0].message, /200000 bytes/);
});

Deno.test("openArchive() reads gzip inside of a zip, and UTF-16 inside of gzip", async () => {
  const gz = new Uint8Array(gzipSync(JSON.stringify(chats)));
  const zip = buildZip([{ name: "a.json.gz", content: gz, stored: true }]);
  assertEquals((await collect(zip)).texts, ["first"]);
  const text = JSON.stringify(chats);
  const utf16 = new Uint8Array(
    Uint16Array.from(
      { length: text.length },
      (_, at) => text.charCodeAt(at),
    ).buffer,
  );
  const { texts } = await collect(new Uint8Array(gzipSync(utf16)));
  assertEquals(texts, ["first"]);
});

Deno.test("readArchive() continues a zip from every checkpoint", async () => {
  const many = (prefix: string) =>
    Array.from(
      { length: 80 },
      (_, n) =>
        chatgptConversation(`${prefix}${n}`, `${prefix} ${n}`, "answer"),
    );
  const zip = buildZip([
    file("a.json", many("a")),
    file("note.txt", "not an archive"),
    file("b.json", many("b"), { sizes: "behind" }),
  ]);
  const settings = { checkpointBytes: 10_000 };
  const whole = await collect(zip, settings);
  assert(whole.checkpoints.some(({ cursor }) => cursor.part === 2));
  for (const { cursor, promptsBefore } of whole.checkpoints) {
    const from = JSON.parse(JSON.stringify(cursor));
    const rest = await collect(zip, { ...settings, from });
    assertEquals(rest.prompts, whole.prompts.slice(promptsBefore));
    assertEquals(rest.places, whole.places.slice(promptsBefore));
    assertEquals(rest.end, whole.end);
  }
});

Deno.test("openArchive() joins the files of an opencode folder", async () => {
  const message = (id: string, role: string) =>
    file(`home/storage/message/ses_1/msg_${id}.json`, {
      id: `msg_${id}`,
      sessionID: "ses_1",
      role,
    });
  const part = (id: string, text: string) =>
    file(`home/storage/part/msg_${id}/prt_1.json`, {
      id: "prt_1",
      messageID: `msg_${id}`,
      type: "text",
      text,
    });
  const zip = buildZip([
    file("home/a.json", { messages: chatMessages("before") }),
    message("1", "user"),
    message("2", "assistant"),
    part("1", "first"),
    part("2", "answer"),
    file("home/b.json", { messages: chatMessages("behind") }),
  ]);
  const { prompts, errors } = await collect(zip);
  assertEquals(errors, []);
  assertEquals(
    prompts.map((
      { text, reference, source },
    ) => [text, reference, source.entry]),
    [
      ["before", undefined, "home/a.json"],
      ["first", "answer", "home/storage"],
      ["behind", undefined, "home/b.json"],
    ],
  );
});
