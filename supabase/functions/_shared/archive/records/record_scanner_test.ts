import { assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { byteChange, changeBytes } from "../testing/change_bytes.ts";
import { chatMessages } from "../testing/archives.ts";
import { lines, toBytes } from "../testing/collect.ts";
import { fixtures } from "../testing/fixtures.ts";
import { findLayout } from "./layout.ts";
import { RecordScanner } from "./record_scanner.ts";
import type { Scanned, ScanState } from "./scanner.ts";

// Smaller than some records of the fixtures.
const MAX_BYTES = 300;

function scan(
  bytes: Uint8Array,
  state: ScanState,
  chunkBytes: number,
): Scanned[] {
  const scanner = new RecordScanner(MAX_BYTES, state);
  const records: Scanned[] = [];
  const readAll = () => {
    for (
      let record = scanner.next();
      record !== undefined;
      record = scanner.next()
    ) records.push(record);
  };
  for (let at = state.offset; at < bytes.length; at += chunkBytes) {
    scanner.push(bytes.slice(at, at + chunkBytes));
    readAll();
  }
  scanner.finish();
  readAll();
  return records;
}

/** The state in which a scan of these bytes starts when its layout is known. */
function startOf(bytes: Uint8Array): ScanState | undefined {
  const found = findLayout(bytes, 0, bytes.length, true);
  if (found === undefined) return undefined;
  const { at: offset, ...layout } = found;
  return { ...layout, offset, record: 0 };
}

Deno.test("RecordScanner gives the same however intact bytes are cut", () => {
  for (const { archive } of fixtures) {
    const bytes = toBytes(archive);
    const state = startOf(bytes)!;
    const whole = scan(bytes, state, bytes.length);
    for (const chunkBytes of [1, 2, 3, 5, 17, 64]) {
      assertEquals(scan(bytes, state, chunkBytes), whole);
    }
  }
});

Deno.test("RecordScanner gives the same however damaged bytes are cut", () => {
  const archives = fixtures.map(({ archive }) => toBytes(archive));
  fc.assert(
    fc.property(
      fc.constantFrom(...archives),
      fc.array(byteChange, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 100 }),
      (archive, changes, chunkBytes) => {
        const state = startOf(archive)!;
        const bytes = changes.reduce(changeBytes, archive);
        const records = scan(bytes, state, chunkBytes);
        records.forEach(({ record }, number) =>
          assertStrictEquals(record, number)
        );
        assertEquals(scan(bytes, state, bytes.length + 1), records);
        const offsets = records.map(({ offset }) => offset);
        assertEquals(offsets, offsets.toSorted((a, b) => a - b));
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("RecordScanner continues from its state behind every record", () => {
  for (
    const bytes of [
      toBytes(lines(...chatMessages("a", "b", "c"))),
      toBytes({ conversations: [{ messages: [] }, { messages: [1] }], x: [] }),
      toBytes('[1, [2], {"three": 3}]\n{"four": 4}'),
    ]
  ) {
    const start = startOf(bytes)!;
    const whole = scan(bytes, start, bytes.length);
    const scanner = new RecordScanner(MAX_BYTES, start);
    scanner.push(bytes.subarray(start.offset));
    scanner.finish();
    for (let count = 1; scanner.next() !== undefined; count++) {
      const { state } = scanner;
      if (state === undefined) continue;
      const continued = JSON.parse(JSON.stringify(state));
      assertEquals(scan(bytes, continued, 7), whole.slice(count));
    }
  }
});
