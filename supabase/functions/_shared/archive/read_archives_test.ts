import { deepEqual, equal, match } from "node:assert/strict";
import { extractOptionsSchema } from "./options.ts";
import {
  type ExtractEvent,
  readArchives,
  type UnreadArchive,
} from "./read_archives.ts";

function archive(path: string, ...prompts: string[]): UnreadArchive {
  const text = prompts.map((content) =>
    JSON.stringify({ messages: [{ role: "user", content }] })
  ).join("\n");
  return { path, open: () => Promise.resolve(new Blob([text]).stream()) };
}

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
  deepEqual(textsOf(events), ["one", "two", "three"]);
});

Deno.test("readArchives() counts the same text in two archives once", async () => {
  const events = await read(
    [archive("a", "one"), archive("b", "ONE ", "two")],
    { dedupe: true },
  );
  deepEqual(textsOf(events), ["one", "two"]);
});

Deno.test("readArchives() takes a sample of all archives together", async () => {
  const events = await read(
    [archive("a", "one", "two"), archive("b", "three", "four")],
    { sample: 2 },
  );
  equal(textsOf(events).length, 2);
});

Deno.test("readArchives() reports an archive that cannot be opened and goes on", async () => {
  const events = await read([broken, archive("b", "one")], {});
  deepEqual(textsOf(events), ["one"]);
  const [failed] = events.flatMap((event) =>
    event.type === "file" ? [event.report] : []
  );
  match(failed.errors[0].message, /broken\.jsonl: permission denied/);
});
