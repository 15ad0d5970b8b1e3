import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { chatgptConversation } from "../testing/archives.ts";
import { collect, lines } from "../testing/collect.ts";
import { chatgptTree } from "../testing/fixtures/vendor_exports.ts";
import type { ExtractOptionsInput } from "../options.ts";
import { promptKey } from "../../prompt_key.ts";

const talk = [
  chatgptConversation("talk", "one", "first", "two", "second", "three"),
];

async function textsWith(options: ExtractOptionsInput, archive: object = talk) {
  return (await collect(archive, { options })).texts;
}

Deno.test("createPromptMaker() takes the first, the last or all turns", async () => {
  assertEquals(await textsWith({}), ["one", "two", "three"]);
  assertEquals(await textsWith({ turns: "first" }), ["one"]);
  assertEquals(await textsWith({ turns: "last" }), ["three"]);
});

Deno.test("createPromptMaker() changes the key with what is sent and with nothing else", async () => {
  const mail = [chatgptConversation("talk", "one", "first", "a@example.com")];
  const keyWith = async (options: ExtractOptionsInput) =>
    promptKey((await collect(mail, { options })).prompts.at(-1)!);
  const key = await keyWith({});
  assertStrictEquals(key, promptKey({ text: "a@example.com" }));
  const others = { dedupe: true, seed: "b", sample: 0.999999, minLength: 1 };
  assertStrictEquals(
    await keyWith({ turns: "last", branches: "current", ...others }),
    key,
  );
  assertStrictEquals(
    await keyWith({ context: "conversation" }),
    promptKey({
      text: "a@example.com",
      messages: [
        { role: "user", content: "one" },
        { role: "assistant", content: "first" },
      ],
    }),
  );
  assertStrictEquals(
    await keyWith({ redact: true }),
    promptKey({ text: "[EMAIL_2303e3]" }),
  );
});

Deno.test("createPromptMaker() takes the key from the column that the user names", async () => {
  const table =
    "external_id,question,answer\n7,one,first\n8,two,second\n,three,third\n";
  const options = { key: "external_id" };
  const { prompts } = await collect(table, { options });
  assertEquals(
    prompts.map(({ key, keyIsGiven }) => [key, keyIsGiven]),
    [["7", true], ["8", true], [undefined, undefined]],
  );
});

Deno.test("createPromptMaker() keeps key and position whatever the options", async () => {
  const [, , all] = (await collect(talk)).prompts;
  const [last] = (await collect(talk, { options: { turns: "last" } })).prompts;
  assertEquals(last, all);
  assertEquals(all.source.position, 2);
});

Deno.test("createPromptMaker() gives earlier turns when they are asked for", async () => {
  const options = { context: "conversation" } as const;
  const { prompts } = await collect(talk, { options });
  assertEquals(prompts[0].messages, []);
  assertEquals(prompts[2].messages, [
    { role: "user", content: "one" },
    { role: "assistant", content: "first" },
    { role: "user", content: "two" },
    { role: "assistant", content: "second" },
  ]);
  assertEquals((await collect(talk)).prompts[2].messages, undefined);
});

Deno.test("createPromptMaker() gives the turns of the prompt's own branch", async () => {
  const options = { context: "conversation" } as const;
  const { prompts } = await collect(chatgptTree.archive, { options });
  assertEquals(prompts.map(({ messages }) => messages), [[], []]);
});

Deno.test("createPromptMaker() filters by patterns, length and time", async () => {
  assertEquals(await textsWith({ include: "^t" }), ["two", "three"]);
  assertEquals(await textsWith({ include: ["one", "w"] }), ["one", "two"]);
  assertEquals(await textsWith({ exclude: "(?i)T" }), ["one"]);
  assertEquals(await textsWith({ minLength: 4 }), ["three"]);
  assertEquals(await textsWith({ maxLength: 3 }), ["one", "two"]);
  // The turns are a second apart, from 2023-11-14T22:13:20Z on.
  assertEquals(await textsWith({ since: "2023-11-14T22:13:22Z" }), [
    "two",
    "three",
  ]);
  assertEquals(await textsWith({ until: "2023-11-14T22:13:22Z" }), ["one"]);
  assertEquals(await textsWith({ since: "2023-11-15" }), []);
});

Deno.test("createPromptMaker() leaves prompts without a time out of a span", async () => {
  const archive = { messages: [{ role: "user", content: "when?" }] };
  assertEquals(await textsWith({ since: "2000-01-01" }, archive), []);
  assertEquals(await textsWith({ until: "2100-01-01" }, archive), []);
});

Deno.test("createPromptMaker() takes a sample that grows with its fraction", async () => {
  const archive = Array.from(
    { length: 300 },
    (_, n) => chatgptConversation(`c${n}`, `q${n}`),
  );
  const tenth = await textsWith({ sample: 0.1 }, archive);
  const half = await textsWith({ sample: 0.5 }, archive);
  assert(tenth.length > 10 && tenth.length < 60);
  assert(tenth.every((text) => half.includes(text)));
  const other = await textsWith({ sample: 0.1, seed: "other" }, archive);
  assert(other.join() !== tenth.join());
});

Deno.test("createPromptMaker() takes a fraction of a text that is asked often", async () => {
  const archive = Array.from(
    { length: 300 },
    (_, n) => chatgptConversation(`c${n}`, "continue"),
  );
  const tenth = await textsWith({ sample: 0.1 }, archive);
  assert(tenth.length > 10 && tenth.length < 60);
  const deduped = await textsWith({ sample: 0.1, dedupe: true }, archive);
  assert(deduped.length === 0 || deduped.length === 300);
});

Deno.test("createPromptMaker() redacts everything and counts it", async () => {
  const options = { redact: true, context: "conversation" } as const;
  const mail = "a@example.com";
  const { prompts } = await collect([{
    ...chatgptConversation("x", `I am ${mail}`, `Hello ${mail}`, `Bye ${mail}`),
    title: `About ${mail}`,
  }], { options });
  assert(!JSON.stringify(prompts).includes(mail));
  assertEquals(prompts[0].metadata, { redacted: { email: 3 } });
  assertEquals(prompts[1].metadata, { redacted: { email: 4 } });
});

Deno.test("createPromptMaker() gives repeated message ids their own places", async () => {
  const { places } = await collect(lines({
    id: "c",
    messages: [
      { id: "1", role: "user", content: "same" },
      { id: "1", role: "user", content: "same" },
    ],
  }));
  assertEquals(new Set(places).size, 2);
});
