import { assertEquals, assertMatch } from "@std/assert";
import { chatMessages } from "./testing/archives.ts";
import { collect, lines } from "./testing/collect.ts";
import { leaveOut, watchLeftOut } from "./left_out.ts";

Deno.test("readArchive() counts words that are neither turns nor left out on purpose, by kind", async () => {
  const { leftOut, errors, texts } = await collect(lines(
    { role: "user", content: "one" },
    { role: "oracle", content: "words of an unknown author" },
    { role: "oracle", content: "more of them" },
    { role: "tool", content: "42" },
    {
      role: "user",
      content: [{ type: "text", text: "two" }, { type: "poem", text: "x" }],
    },
    { role: "user", segments: [{ type: "text", text: "three" }] },
  ));
  assertEquals(texts, ["one", "two"]);
  assertEquals(errors, []);
  assertEquals(
    leftOut.map(({ kind, count, record }) => [kind, count, record]),
    [
      ["author/oracle", 2, 1],
      ["part/poem", 1, 4],
      ["user with {role, segments}", 1, 5],
    ],
  );
  assertMatch(
    leftOut[0].message,
    /^Left out of archive: 2 texts of the kind author\/oracle/,
  );
});

Deno.test("readArchive() says why a file of a known format gave no prompt", async () => {
  const said = async (archive: string, options = {}) =>
    (await collect(archive, { options })).leftOut.map(({ code, message }) =>
      code === "no_prompts" ? message : ""
    ).join("");
  assertMatch(
    await said(lines({ role: "tool", content: "42" })),
    /^No prompt in archive, read as bare_messages: .*1 × author\/tool \(what a tool answered\)/,
  );
  assertMatch(
    await said(lines({ messages: chatMessages("hi") }), { minLength: 9 }),
    /the options let none of 1 turns of a person pass/,
  );
  assertEquals(await said(lines({ messages: [] })), "");
});

Deno.test("readArchive() tells what it left out once, wherever it continues", async () => {
  const archive = lines(
    ...Array.from({ length: 200 }, (_, n) => ({
      role: n % 2 ? "oracle" : "user",
      content: `text ${n}`,
      chat_id: Math.floor(n / 20),
    })),
  );
  const whole = await collect(archive, { checkpointBytes: 500 });
  assertEquals(whole.leftOut.map(({ count }) => count), [100]);
  for (const { cursor } of whole.checkpoints) {
    const rest = await collect(archive.slice(cursor.offset), { from: cursor });
    assertEquals(rest.leftOut, whole.leftOut);
  }
});

Deno.test("watchLeftOut() counts a thing once and what has no words not at all", () => {
  const kinds: [string, string | undefined][] = [];
  const sink = {
    leaveOut: (kind: string, reason: string | undefined) => {
      kinds.push([kind, reason]);
    },
  };
  const thing = { text: "words" };
  watchLeftOut(sink, { "known*": "on purpose" }, () => {
    leaveOut("new", thing);
    leaveOut("new again", thing);
    leaveOut("empty", { id: "a b", text: " " });
    leaveOut("known/kind", {});
  });
  leaveOut("outside", { text: "words" });
  assertEquals(kinds, [["new", undefined], ["known/kind", "on purpose"]]);
});
