import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  chatgptConversation,
  chatMessages,
  claudeConversation,
} from "./testing/archives.ts";
import { collect, lines, toBytes } from "./testing/collect.ts";

const one = JSON.stringify(chatgptConversation("one", "first", "answer"));
const two = JSON.stringify(chatgptConversation("two", "second", "answer"));
const three = JSON.stringify(chatgptConversation("three", "third", "answer"));

/** Expects these prompts and these errors, each with file, record and offset. */
async function expectRest(
  archive: string | Uint8Array,
  texts: string[],
  codes: string[],
): Promise<void> {
  const { texts: read, errors, end } = await collect(archive);
  assertEquals(errors.map(({ code }) => code), codes);
  assertEquals(read, texts);
  for (const error of errors) {
    assertMatch(
      error.message,
      /^Cannot read archive, record \d+ at byte \d+: /,
    );
  }
  assertEquals(
    end.skipped,
    codes.filter((code) => code !== "invalid_utf8").length,
  );
}

Deno.test("readArchive() reports an empty file", () =>
  expectRest("", [], ["empty"]));

Deno.test("readArchive() takes an empty list for an export without conversations", () =>
  expectRest("[]", [], []));

Deno.test("readArchive() reports bytes that are no text", () => {
  const bytes = new Uint8Array(100_000).map((_, n) => (n * 7919 + 13) % 251);
  return expectRest(bytes, [], ["not_json"]);
});

Deno.test("readArchive() tells that a page is to be exported as JSON", async () => {
  const { errors } = await collect("<!doctype html><p>My Activity</p>");
  assertMatch(errors[0].message, /HTML.*export it as JSON/);
});

Deno.test("readArchive() reads on behind a broken line", () =>
  expectRest(
    `${one}\n{"mapping": {"a": \n\n${two}\r\nnot json\n${three}`,
    ["first", "second", "third"],
    ["invalid_json", "invalid_json"],
  ));

Deno.test("readArchive() reads on behind a broken first line", () =>
  expectRest(`{"mapp\n${two}\n${three}\n`, ["second", "third"], [
    "invalid_json",
  ]));

Deno.test("readArchive() reads on behind an entry that is no JSON", () =>
  expectRest(
    `[${one},{"title":"x","create_time":1,"mapping":{"a":tru}},${three}]`,
    ["first", "third"],
    ["invalid_json"],
  ));

Deno.test("readArchive() reads on behind an entry whose quote is not closed", () =>
  expectRest(
    `[${one},{"title":"x,"create_time":1,"mapping":{}},\n ${two},${three}]`,
    ["first", "second", "third"],
    ["invalid_json"],
  ));

Deno.test("readArchive() reads on behind an entry with a bracket too few", () =>
  expectRest(
    `[${one},{"title":"x","create_time":1,"mapping":{"a":{},${two},${three}]`,
    ["first", "second", "third"],
    ["invalid_json"],
  ));

Deno.test("readArchive() reads on behind an entry with a bracket too many", () =>
  expectRest(
    `[${one},{"title":"x","create_time":1,"mapping":{}}},"y":{}},${two},${three}]`,
    ["first", "second", "third"],
    ["invalid_json"],
  ));

Deno.test("readArchive() gives what comes before the place where a file is cut off", () =>
  expectRest(`[${one},${two},${three.slice(0, 200)}`, ["first", "second"], [
    "cut_off",
  ]));

Deno.test("readArchive() gives what comes before a line that is cut off", () =>
  expectRest(`${one}\n${two}\n${three.slice(0, 200)}`, ["first", "second"], [
    "cut_off",
  ]));

Deno.test("readArchive() reads concatenated and indented objects", () => {
  const indented = JSON.stringify(JSON.parse(two), null, 2);
  return expectRest(`${indented}${indented.replace("second", "third")}`, [
    "second",
    "third",
  ], []);
});

Deno.test("readArchive() reads several objects on a line", () =>
  expectRest(`${one}${two}\n${three},\n`, ["first", "second", "third"], []));

Deno.test("readArchive() reports nulls and scalars among conversations", () =>
  expectRest(`[null,${one},7,"x",${two}]`, ["first", "second"], [
    "unknown_shape",
    "unknown_shape",
    "unknown_shape",
  ]));

Deno.test("readArchive() tells the keys of an unknown shape once for the file", async () => {
  const { errors, end } = await collect(lines(
    ...Array.from({ length: 100 }, (_, n) => ({ colour: n, size: 2 })),
  ));
  assertEquals(errors.length, 1);
  assertMatch(errors[0].message, /colour, size/);
  assertEquals(end.format, null);
});

Deno.test("readArchive() uses text with bytes that are not UTF-8", async () => {
  const bytes = toBytes(lines({ messages: chatMessages("caf?", "answer") }));
  bytes[bytes.indexOf("?".charCodeAt(0))] = 0xe9;
  await expectRest(bytes, ["caf\ufffd"], ["invalid_utf8"]);
});

Deno.test("readArchive() takes U+FFFD that the archive itself holds for text", () =>
  expectRest(
    lines({ messages: chatMessages("caf\ufffd") }),
    ["caf\ufffd"],
    [],
  ));

Deno.test("readArchive() makes text storable that holds U+0000 or half characters", () =>
  expectRest(
    '{"messages":[{"role":"user","content":"a\\u0000b\\ud800c\\ud83e\\udda2"}]}\n',
    ["a\ufffdb\ufffdc🦢"],
    [],
  ));

Deno.test("readArchive() reads past 100,000 nested lists and objects", async () => {
  for (const [open, close] of [["[", "]"], ['{"a":', "}"]]) {
    const deep = open.repeat(100_000) + "1" + close.repeat(100_000);
    const { texts, errors } = await collect(`[${one},${deep},${two}]`);
    assertEquals(texts, ["first", "second"]);
    assertEquals(errors.length, 1);
  }
});

Deno.test("readArchive() reads deeply nested branches", async () => {
  // Not by JSON.stringify(), whose stack is not deep enough in Deno 2.1.
  const open = '{"isCreatedByUser":false,"text":"","children":[';
  const message = open.repeat(5000) +
    '{"isCreatedByUser":true,"text":"deepest"}' + "]}".repeat(5000);
  const { texts } = await collect(
    `{"conversationId":"a","messages":[${message}]}`,
  );
  assertEquals(texts, ["deepest"]);
});

Deno.test("readArchive() is not misled by __proto__ and repeated keys", async () => {
  const { texts } = await collect(
    '{"__proto__":{"mapping":{}},"messages":[],"messages":[{"role":"user","content":"one","__proto__":{"name":"example_user"}}]}',
  );
  assertEquals(texts, ["one"]);
  assertEquals(({} as Record<string, unknown>).mapping, undefined);
});

Deno.test("readArchive() reads a conversation of 20 MB", async () => {
  const text = "word ".repeat(4_000_000);
  const { prompts, errors } = await collect(
    [chatgptConversation("large", "first", text), JSON.parse(two)],
    { chunkBytes: 65_536 },
  );
  assertEquals(errors, []);
  assertEquals(prompts[0].reference?.length, text.length);
  assertEquals(prompts.length, 2);
});

Deno.test("readArchive() passes over a conversation that is too large", async () => {
  const large = JSON.stringify(
    chatgptConversation("large", "x".repeat(50_000), "y"),
  );
  for (
    const archive of [`[${one},${large},${two}]`, `${one}\n${large}\n${two}\n`]
  ) {
    const { texts, errors } = await collect(archive, {
      chunkBytes: 1000,
      maxConversationBytes: 20_000,
    });
    assertEquals(texts, ["first", "second"]);
    assertEquals(errors.map(({ code }) => code), ["too_large"]);
    assertMatch(errors[0].message, /20000 bytes; raise maxConversationBytes/);
  }
});

Deno.test("readArchive() splits a session that is too large", async () => {
  const { texts, errors, places } = await collect(
    lines(...Array.from({ length: 10 }, (_, n) => ({
      role: "user",
      content: `${n}`.repeat(1000),
    }))),
    { maxConversationBytes: 5000 },
  );
  assertEquals(texts.length, 10);
  assert(errors.length > 0);
  assert(errors.every(({ code }) => code === "too_large"));
  assertEquals(new Set(places).size, 10);
});

Deno.test("readArchive() gives prompts of conversations with the same id their own places", async () => {
  const { places } = await collect([
    { id: "1", messages: chatMessages("one") },
    { id: "1", messages: chatMessages("two") },
  ]);
  assertEquals(new Set(places).size, 2);
});

Deno.test("readArchive() reports a record that a format cannot read", async () => {
  const { texts, errors } = await collect(lines(
    { conversation: chatMessages("one") },
    { conversation: "[{'role': 'user', 'content': 'two'}]" },
    { conversation: chatMessages("three") },
  ));
  assertEquals(texts, ["one", "three"]);
  assertEquals(errors.map(({ code }) => code), ["unreadable_record"]);
});

Deno.test("readArchive() reads UTF-8 with a byte order mark", () =>
  expectRest(`\ufeff[${one}]`, ["first"], []));

Deno.test("readArchive() reads UTF-16 with and without a byte order mark", async () => {
  for (const mark of ["\ufeff", ""]) {
    for (const littleEndian of [true, false]) {
      const text = `${mark}[${
        JSON.stringify(claudeConversation("a", "Grüße 🦢"))
      }]`;
      const bytes = new Uint8Array(2 * text.length);
      const view = new DataView(bytes.buffer);
      for (let at = 0; at < text.length; at++) {
        view.setUint16(2 * at, text.charCodeAt(at), littleEndian);
      }
      const { texts, errors } = await collect(bytes, { chunkBytes: 7 });
      assertEquals(errors, []);
      assertEquals(texts, ["Grüße 🦢"]);
    }
  }
});

Deno.test("readArchive() refuses a record among others, not the file", () => {
  const ours = { messages: chatMessages("ours") };
  const discord = { guild: {}, channel: {}, messages: [{ content: "hi" }] };
  return expectRest(lines(ours, discord, ours), ["ours", "ours"], [
    "refused_format",
  ]);
});

Deno.test("readArchive() reports a message without an author", () =>
  expectRest(
    lines(
      { id: "a header" },
      { role: "user", content: "one" },
      { rol: "user", content: "two" },
      { role: "tool", content: "3" },
    ),
    ["one"],
    ["unreadable_record"],
  ));

Deno.test("readArchive() skips records without the member that holds their messages", async () => {
  const cases = [
    [
      chatgptConversation("a", "first"),
      { title: "b", create_time: 1 },
      "mapping",
    ],
    [
      claudeConversation("a", "first"),
      { uuid: "b", name: "" },
      "chat_messages",
    ],
    [{ messages: chatMessages("first") }, { messages: null }, "messages"],
  ] as const;
  for (const [whole, broken, member] of cases) {
    const { texts, errors, end } = await collect([whole, broken]);
    assertEquals(texts, ["first"]);
    assertEquals(end.conversations, 1);
    assertMatch(errors[0].message, new RegExp(`it has no .${member}., which`));
  }
});
