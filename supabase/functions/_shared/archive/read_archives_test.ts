import {
  assert,
  assertEquals,
  assertMatch,
  assertObjectMatch,
} from "@std/assert";
import { promptKey } from "../prompt_key.ts";
import { extractOptionsSchema } from "./options.ts";
import {
  type ExtractEvent,
  readArchives,
  type UnreadArchive,
} from "./read_archives.ts";
import { buildZip } from "./testing/build_zip.ts";

function archive(path: string, ...prompts: string[]): UnreadArchive {
  const text = prompts.map((content) =>
    JSON.stringify({ messages: [{ role: "user", content }] })
  ).join("\n");
  return { path, open: () => open(text) };
}

const open = (content: BlobPart) =>
  Promise.resolve({ bytes: new Blob([content]).stream() });

const broken: UnreadArchive = {
  path: "broken.jsonl",
  open: () => Promise.reject(new Error("permission denied")),
};

async function read(
  archives: UnreadArchive[],
  options: object,
): Promise<ExtractEvent[]> {
  async function* each() {
    yield* archives;
  }
  return await Array.fromAsync(
    readArchives(each(), extractOptionsSchema.parse(options), {}),
  );
}

const textsOf = (events: ExtractEvent[]) =>
  events.flatMap((event) => event.type === "prompt" ? [event.prompt.text] : []);

Deno.test("readArchives() stops after maxPrompts of all archives", async () => {
  const events = await read(
    [archive("a", "one", "two"), archive("b", "three", "four")],
    { maxPrompts: 3 },
  );
  assertEquals(textsOf(events), ["one", "two", "three"]);
});

Deno.test("readArchives() counts the same text in two archives once", async () => {
  const events = await read(
    [archive("a", "one"), archive("b", " one\n", "two", "ONE")],
    { dedupe: true },
  );
  assertEquals(textsOf(events), ["one", "two", "ONE"]);
});

Deno.test("readArchives() gives equal keys for an archive under any name, packed or listed", async () => {
  const texts = ["one", "  two\r\nlines ", "one"];
  const plain = archive("chats.jsonl", ...texts);
  const opened = await plain.open();
  assert("bytes" in opened);
  const content = await new Response(opened.bytes).bytes();
  const zip = buildZip([{ name: "in/chats.jsonl", content }]);
  const keys = texts.map((text) => promptKey({ text }));
  const keysOf = async (one: UnreadArchive, options = {}) =>
    (await read([one], options)).flatMap((event) =>
      event.type === "prompt" ? [event.prompt.key] : []
    );
  for (
    const copy of [
      plain,
      { ...plain, path: "april.jsonl" },
      { ...plain, path: "2026/chats.jsonl", bucket: "archives" },
      { path: "chats.zip", open: () => open(zip as BlobPart) },
    ]
  ) {
    assertEquals(await keysOf(copy), keys);
    assertEquals(await keysOf(copy, { dedupe: true }), keys.slice(0, 2));
  }
});

Deno.test("readArchives() takes a sample of all archives together", async () => {
  const events = await read(
    [archive("a", "one", "two"), archive("b", "three", "four")],
    { sample: 2 },
  );
  assertEquals(textsOf(events).length, 2);
});

Deno.test("readArchives() reports an archive that cannot be opened and goes on", async () => {
  const events = await read([broken, archive("b", "one")], {});
  assertEquals(textsOf(events), ["one"]);
  const [failed] = events.flatMap((event) =>
    event.type === "file" ? [event.report] : []
  );
  assertMatch(failed.errors[0].message, /broken\.jsonl: permission denied/);
});

Deno.test("readArchives() tells what a file was called where Storage would not take its name", async () => {
  const path = "Gesprache=8c59e9ad.jsonl";
  const originalPath = "Gespräche.jsonl";
  const { open } = archive(path, "one");
  const [prompt, file] = await read([{
    path,
    open: async () => ({ ...await open(), originalPath }),
  }], {});
  assertObjectMatch(prompt, {
    prompt: { source: { path, originalPath } },
  });
  assertObjectMatch(file, { report: { path, originalPath } });
});
