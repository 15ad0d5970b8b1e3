import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import fc from "fast-check";
import type { Json } from "./json.ts";
import { byteChange, changeBytes, joinBytes } from "./testing/change_bytes.ts";
import { changeValue, strangeValue } from "./testing/change_value.ts";
import { collect, toBytes } from "./testing/collect.ts";
import { fixtures } from "./testing/fixtures.ts";

const archives = fixtures.map(({ archive }) => toBytes(archive));
const anArchive = fc.constantFrom(...archives);
const aJsonArchive = fc.constantFrom(
  ...archives.filter(([first]) => first === 0x7b || first === 0x5b),
);

function changeValues(
  bytes: Uint8Array,
  place: number[],
  replacement: Json,
): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  const isLines = text.endsWith("\n");
  const whole: Json = isLines
    ? text.trimEnd().split("\n").map((line) => JSON.parse(line))
    : JSON.parse(text);
  const changed = changeValue(whole, place, replacement);
  return toBytes(
    isLines && Array.isArray(changed)
      ? changed.map((line) => `${JSON.stringify(line)}\n`).join("")
      : JSON.stringify(changed),
  );
}

/** Reads an archive and expects that nothing is thrown and everything given out is usable. */
async function expectSound(bytes: Uint8Array, chunkBytes: number) {
  const read = await collect(bytes, { chunkBytes });
  assertEquals(read.end.prompts, read.prompts.length);
  for (const place of read.places) assertMatch(place, /^.{1,200}$/u);
  for (const { text, reference } of read.prompts) {
    for (const storable of [text, reference ?? ""]) {
      assert(storable.isWellFormed());
      assert(!storable.includes("\0"));
    }
  }
  for (const { message, offset } of read.errors) {
    assertMatch(message, /^Cannot read archive/);
    // A bug in a format is caught and reported like a record that cannot be read.
    assertNotMatch(
      message,
      /properties of|is not (?:a|iterable|defined)|Maximum/,
    );
    assert(offset >= 0 && offset <= bytes.length);
  }
  return read;
}

Deno.test("readArchive() survives changed bytes", async () => {
  await fc.assert(
    fc.asyncProperty(
      anArchive,
      fc.array(byteChange, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 500 }),
      async (archive, changes, chunkBytes) => {
        const bytes = changes.reduce(changeBytes, archive);
        const read = await expectSound(bytes, chunkBytes);
        // However the bytes come, the same comes out.
        assertEquals(await collect(bytes), read);
      },
    ),
    { numRuns: 400 },
  );
});

Deno.test("readArchive() survives values of other types", async () => {
  await fc.assert(
    fc.asyncProperty(
      aJsonArchive,
      fc.array(fc.nat(20), { minLength: 1, maxLength: 8 }),
      strangeValue,
      async (archive, place, replacement) => {
        await expectSound(changeValues(archive, place, replacement), 1000);
      },
    ),
    { numRuns: 800 },
  );
});

Deno.test("readArchive() survives any JSON and any bytes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.json().map(toBytes),
        fc.array(fc.json()).map((list) => toBytes(list.join("\n"))),
        fc.uint8Array({ maxLength: 300 }),
        fc.uint8Array({ maxLength: 300 })
          .map((bytes) => joinBytes(new Uint8Array([0x50, 0x4b, 3, 4]), bytes)),
        fc.uint8Array({ maxLength: 300 })
          .map((bytes) => joinBytes(new Uint8Array([0x1f, 0x8b, 8]), bytes)),
      ),
      async (bytes) => {
        await expectSound(bytes, 50);
      },
    ),
    { numRuns: 400 },
  );
});
