import { assertEquals, assertMatch } from "@std/assert";
import { collect } from "../testing/collect.ts";

const dump = `--
-- PostgreSQL database dump
--
SET statement_timeout = 0;

COPY public.users (id, email) FROM stdin;
1\ta@example.com
\\.

COPY public."Message_v2" (id, "chatId", role, parts, attachments, "createdAt") FROM stdin;
m1\tc1\tuser\t[{"type": "text", "text": "one\\\\nline"}]\t[]\t2026-01-01 10:00:00
m3\tc2\tuser\t[{"type": "text", "text": "two"}]\t\\N\t2026-01-01 10:00:01
m2\tc1\tassistant\t[{"type": "text", "text": "a\\\\\\\\b"}]\t[]\t2026-01-01 10:00:02
\\.

COPY public.n8n_chat_histories (id, session_id, message) FROM stdin;
1\t491\t{"type": "human", "content": "three"}
2\t491\t{"type": "ai", "content": "answer"}
\\.
`;

Deno.test("dumpTables() reads the tables of a dump, whatever their format", async () => {
  for (const chunkBytes of [undefined, 7]) {
    const { texts, prompts, errors, end } = await collect(dump, { chunkBytes });
    assertEquals(texts, ["one\nline", "two", "three"]);
    assertEquals(
      prompts.map(({ reference, source }) => [
        reference,
        source.entry,
        source.conversation?.id,
      ]),
      [
        ["a\\b", "public.Message_v2", "c1"],
        [undefined, "public.Message_v2", "c2"],
        ["answer", "public.n8n_chat_histories", "491"],
      ],
    );
    assertEquals(errors, []);
    assertEquals(end.format, "bare_messages, message_rows");
  }
});

Deno.test("dumpTables() says what is wrong with a dump without rows, and one that breaks off", async () => {
  const inserts =
    "--\n-- PostgreSQL database dump\n--\nINSERT INTO m VALUES (1);\n";
  const [{ code, message }] = (await collect(inserts)).errors;
  assertEquals(code, "refused_format");
  assertMatch(message, /without --inserts/);
  const cut = await collect(dump.slice(0, dump.indexOf("2\t491")));
  assertEquals(cut.texts, ["one\nline", "two", "three"]);
  assertEquals(cut.errors.map(({ code }) => code), ["cut_off"]);
});

Deno.test("readArchive() reads what COPY wrote with a header as text", async () => {
  const { texts, prompts, end } = await collect(
    `chat_id\tsequence_number\trole\tcontent\tmodel
7\t1\tassistant\t"quoted" and\\ta tab\tgpt
7\t0\tuser\tC:\\\\new\\nline\t\\N
`,
  );
  assertEquals(texts, ["C:\\new\nline"]);
  assertEquals(prompts[0].reference, '"quoted" and\ta tab');
  assertEquals(end.format, "bare_messages");
});
