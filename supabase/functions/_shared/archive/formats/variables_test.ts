import { assertEquals } from "@std/assert";
import { collect } from "../testing/collect.ts";

const VARIABLES = { options: { variables: true } };

async function read(archive: string, options = {}) {
  const { prompts, errors, end } = await collect(archive, {
    options: { ...VARIABLES.options, ...options },
  });
  assertEquals(errors, []);
  assertEquals(end.format, "variables");
  assertEquals(prompts.filter(({ text }) => text !== ""), []);
  return prompts.map(({ metadata, reference }) => ({ metadata, reference }));
}

Deno.test("variables: each row of a table is a prompt without text", async () => {
  assertEquals(
    await read(
      "question,language,id\r\nWho?,de,1\r\nWho?,fr,2\r\nWhy?,,3\r\n",
    ),
    [
      {
        metadata: { question: "Who?", language: "de", id: "1" },
        reference: undefined,
      },
      {
        metadata: { question: "Who?", language: "fr", id: "2" },
        reference: undefined,
      },
      { metadata: { question: "Why?", id: "3" }, reference: undefined },
    ],
  );
});

Deno.test("variables: the column with the answer is the reference", async () => {
  assertEquals(
    await read('{"city": "Rome", "expected": "Italy"}\n{"city": "Oslo"}\n'),
    [
      { metadata: { city: "Rome" }, reference: "Italy" },
      { metadata: { city: "Oslo" }, reference: undefined },
    ],
  );
});

Deno.test("variables: a list of objects of any shape, and a table of one column", async () => {
  const customer = { name: "Ada", orders: [1, 2] };
  assertEquals(
    await read(JSON.stringify([{ customer }, { messages: [] }])),
    [
      { metadata: { customer }, reference: undefined },
      { metadata: { messages: [] }, reference: undefined },
    ],
  );
  assertEquals(await read("topic\nthe sea, at night\n"), [
    { metadata: { topic: "the sea, at night" }, reference: undefined },
  ]);
});

Deno.test("variables: personal data is redacted in them", async () => {
  assertEquals(
    (await read('{"mail": {"to": ["ada@example.com"]}, "n": 1}\n', {
      redact: ["email"],
    }))[0].metadata,
    {
      mail: { to: ["[EMAIL_1a37e5]"] },
      n: 1,
      redacted: { email: 1 },
    },
  );
});

Deno.test("variables: reading goes on at a checkpoint", async () => {
  const rows = Array.from({ length: 300 }, (_, n) => `city ${n},${n}`);
  const table = `city,n\n${rows.join("\n")}\n`;
  const whole = await collect(table, { ...VARIABLES, checkpointBytes: 500 });
  assertEquals(whole.prompts.length, 300);
  const { cursor, promptsBefore } = whole.checkpoints[2];
  const rest = await collect(table.slice(cursor.offset), {
    ...VARIABLES,
    from: JSON.parse(JSON.stringify(cursor)),
  });
  assertEquals(rest.prompts, whole.prompts.slice(promptsBefore));
});

Deno.test("variables: rows are of a known format without the option", async () => {
  const { prompts } = await collect("question,language\nWho?,de\n");
  assertEquals(prompts[0].text, "Who?");
});
