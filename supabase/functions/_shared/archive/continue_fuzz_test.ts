import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { chatgptConversation, chatMessages } from "./testing/archives.ts";
import { byteChange, changeBytes } from "./testing/change_bytes.ts";
import { collect, lines, toBytes } from "./testing/collect.ts";

const numbers = Array.from({ length: 120 }, (_, number) => number);

/** Archives of every layout, and of conversations that are interleaved or held back. */
const archives: Uint8Array[] = [
  toBytes(numbers.map((n) => chatgptConversation(`c${n}`, `q${n}`, `a${n}`))),
  toBytes(lines(...numbers.map((n) => ({
    id: `c${n}`,
    messages: chatMessages(`q${n}`, `a${n}`),
  })))),
  toBytes({
    version: 4,
    history: numbers.map((n) => ({
      id: n,
      name: `c${n}`,
      messages: chatMessages(`q${n}`, `a${n}`),
    })),
    folders: [{ id: "f" }],
  }),
  // Three sessions at a time take turns.
  toBytes(lines(...numbers.map((n) => ({
    session_id: `s${Math.floor(n / 30)}-${n % 3}`,
    ts: 1_700_000_000 + n,
    text: `q${n}`,
  })))),
  // Calls that repeat the one before them, four times each.
  toBytes(lines(...numbers.map((n) => ({
    messages: chatMessages(
      ...numbers.slice(0, 2 * (n % 4) + 1).map((turn) => `${n >> 2}-${turn}`),
    ),
  })))),
  toBytes(numbers.map((n) => ({
    header: "Gemini Apps",
    title: `Prompted q${n}`,
    time: "2024-05-01T10:00:00.000Z",
    products: ["Gemini Apps"],
    ...n % 3 === 0 &&
      { titleUrl: `https://gemini.google.com/app/${Math.floor(n / 9)}` },
  }))),
  // Rows of a table, over several lines where they are quoted.
  toBytes(
    ["prompt,completion", ...numbers.map((n) => `"q${n}\nand, more",a${n}`)]
      .join("\n"),
  ),
];

Deno.test("readArchive() continues damaged archives from every checkpoint", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...archives),
      fc.array(byteChange, { maxLength: 3 }),
      fc.integer({ min: 100, max: 2000 }),
      async (archive, changes, checkpointBytes) => {
        const bytes = changes.reduce(changeBytes, archive);
        const whole = await collect(bytes, { checkpointBytes });
        for (const checkpoint of whole.checkpoints) {
          const from = JSON.parse(JSON.stringify(checkpoint.cursor));
          const rest = await collect(bytes.slice(from.offset), {
            checkpointBytes,
            from,
            chunkBytes: 777,
          });
          assertEquals(
            rest.prompts,
            whole.prompts.slice(checkpoint.promptsBefore),
          );
          assertEquals(
            rest.places,
            whole.places.slice(checkpoint.promptsBefore),
          );
          assertEquals(rest.end, whole.end);
        }
      },
    ),
    { numRuns: 60 },
  );
});
