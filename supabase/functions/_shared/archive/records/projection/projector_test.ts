import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  isObject,
  type Json,
  type JsonObject,
  objectOrEmpty,
} from "../../json.ts";
import { byteChange, changeBytes } from "../../testing/change_bytes.ts";
import { toBytes } from "../../testing/collect.ts";
import {
  readAll,
  readFlat,
  readList,
  readOnly,
  readPairs,
} from "./projection.ts";
import { Projector } from "./projector.ts";

const PROJECTION = readOnly(["kept", "text"], {
  list: readList(readOnly(["kept"])),
  pairs: readPairs(readOnly(["kept"])),
  message: readAll({}, { words: "text", again: "content" }),
  flat: readFlat(["kept"], {
    message: readFlat(["text"], { content: readOnly(["list", "other"]) }),
    pairs: readOnly([""]),
  }),
});

// Keys that are long or have escapes are not looked at: their members are read.
const UNSEEN = ["a key longer than what is looked at closely", '"]}\\'];

/** What is read of a value, by doing it after parsing. */
function partOf(value: JsonObject): Json {
  const part: JsonObject = only(value, ["kept", "text"]);
  const { list, pairs, message, flat } = value;
  if (list !== undefined) {
    part.list = Array.isArray(list)
      ? list.map((entry) => isObject(entry) ? only(entry, ["kept"]) : entry)
      : list;
  }
  if (pairs !== undefined) {
    part.pairs = isObject(pairs)
      ? Object.entries(pairs).flatMap(([key, entry]) => [
        key,
        isObject(entry) ? only(entry, ["kept"]) : entry!,
      ])
      : pairs;
  }
  if (message !== undefined) {
    part.message = isObject(message) ? withoutRepetition(message) : message;
  }
  if (flat !== undefined) part.flat = isObject(flat) ? flattened(flat) : flat;
  return part;
}

function flattened({ kept, message, pairs }: JsonObject): JsonObject {
  const { text, content } = objectOrEmpty(message);
  const { list, other } = objectOrEmpty(content);
  const members = { kept, text, list, other, "": objectOrEmpty(pairs)[""] };
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  );
}

/** Whether an object that is to be inlined is none, or a member's name cannot be told. */
function isOdd({ flat }: JsonObject): boolean {
  if (!isObject(flat)) return false;
  const { message, pairs } = flat;
  const { content } = objectOrEmpty(message);
  return [message, content, pairs].some((value) =>
    value !== undefined && value !== null && !isObject(value)
  ) ||
    [flat, objectOrEmpty(message), objectOrEmpty(content), objectOrEmpty(pairs)]
      .some((value) => UNSEEN.some((key) => key in value));
}

function only(value: JsonObject, keys: string[]): JsonObject {
  return Object.fromEntries(
    Object.entries(value).filter(([key]) => [...keys, ...UNSEEN].includes(key)),
  );
}

function withoutRepetition(message: JsonObject): JsonObject {
  const keys = Object.keys(message);
  const repeats = keys.includes("text") &&
    keys.indexOf("text") < keys.indexOf("content") &&
    typeof message.text === "string" && /^[!#-[\]-~]/.test(message.text);
  return repeats
    ? only(message, keys.filter((key) => key !== "content"))
    : message;
}

const key = fc.constantFrom(
  ...["kept", "text", "list", "pairs", "message", "content", "other", ""],
  ...["flat", "flat"],
  ...["kepT", "é", ...UNSEEN],
);
const { anObject } = fc.letrec<{ value: Json; anObject: JsonObject }>((
  tie,
) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Json>(
      null,
      true,
      -1.5e-7,
      "",
      "words",
      " ",
      '"',
      "\\",
      "é",
    ),
    fc.array(tie("value"), { maxLength: 3 }),
    tie("anObject"),
  ),
  anObject: fc.dictionary(key, tie("value"), {
    maxKeys: 6,
    noNullPrototype: true,
  }),
}));

/** An object with some of these members, in any order. */
function someOf(members: Record<string, fc.Arbitrary<Json>>) {
  const names = fc.shuffledSubarray(Object.keys(members));
  return names.chain((names) =>
    fc.tuple(...names.map((name) => members[name]))
      .map((values): JsonObject =>
        Object.fromEntries(names.map((name, index) => [name, values[index]]))
      )
  );
}

const leaf = fc.constantFrom<Json>(null, 7, "", "words", [], {}, { text: 1 });
const nothing = fc.constant(null);
const flatObject = someOf({
  kept: leaf,
  other: leaf,
  pairs: fc.oneof(someOf({ "": leaf, list: leaf, text: leaf }), nothing),
  message: fc.oneof(
    someOf({
      text: leaf,
      kept: leaf,
      content: fc.oneof(
        someOf({ list: leaf, other: leaf, text: leaf }),
        nothing,
      ),
    }),
    nothing,
  ),
});

function project(bytes: Uint8Array, cut: number) {
  const search = new Projector(PROJECTION);
  let end = -1;
  for (let to = 0; end < 0 && to < bytes.length;) {
    to = Math.min(to + cut, bytes.length);
    end = search.findEnd(bytes, 0, to);
  }
  if (end < 0 || search.isOdd) return { end, part: undefined };
  const into = new Uint8Array(end);
  const size = search.keep(bytes.subarray(0, end), into);
  return { end, part: new TextDecoder().decode(into.subarray(0, size)) };
}

Deno.test("Projector keeps what is read, however the bytes come", () => {
  fc.assert(
    fc.property(
      anObject,
      fc.constantFrom("", " ", "\n\t"),
      fc.integer({ min: 1, max: 90 }),
      (value, space, cut) => {
        const bytes = toBytes(JSON.stringify(value, null, space));
        const { end, part } = project(bytes, cut);
        assertEquals(end, bytes.length);
        assertEquals(part === undefined, isOdd(value));
        if (part !== undefined) assertEquals(JSON.parse(part), partOf(value));
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("Projector inlines objects, wherever they stand and whatever is read of them", () => {
  fc.assert(
    fc.property(
      flatObject,
      fc.constantFrom("", " ", "\n\t"),
      fc.integer({ min: 1, max: 90 }),
      (flat, space, cut) => {
        const { part } = project(
          toBytes(JSON.stringify({ flat }, null, space)),
          cut,
        );
        assertEquals(JSON.parse(part!), { flat: flattened(flat) });
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("Projector gives the same of damaged bytes, however they come", () => {
  fc.assert(
    fc.property(
      fc.oneof(anObject, flatObject.map((flat) => ({ flat }))),
      fc.array(byteChange, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 90 }),
      (value, changes, cut) => {
        const bytes = changes.reduce(changeBytes, toBytes(value));
        assertEquals(project(bytes, cut), project(bytes, bytes.length));
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("Projector reads the same of a key of any length, however its bytes come", () => {
  for (let length = 36; length <= 44; length++) {
    const bytes = toBytes({ ["k".repeat(length)]: 1, text: 2 });
    const whole = project(bytes, bytes.length);
    for (let cut = 1; cut < bytes.length; cut++) {
      assertEquals(project(bytes, cut), whole);
    }
  }
});

Deno.test("Projector remembers of each object whether its words were told", () => {
  for (
    const value of [
      { message: { text: "words", kept: [], content: [] } },
      { message: { text: "words", kept: { text: "" }, content: [] } },
      { message: { text: "", kept: [{ text: "words" }], content: [1] } },
    ]
  ) {
    const { part } = project(toBytes(JSON.stringify(value)), 1000);
    assertEquals(JSON.parse(part!), partOf(value));
  }
});

Deno.test("Projector leaves it to the parser where a text that was believed comes again", () => {
  const text = '{"message": {"text": "a", "content": "b", "text": ""}}';
  assertEquals(project(toBytes(text), 1000).part, undefined);
});

Deno.test("Projector leaves it to the parser where an object that was inlined comes again", () => {
  for (
    const text of [
      '{"flat": {"pairs": {"": 1}, "pairs": {}}}',
      '{"flat": {"pairs": {"": 1}, "pairs": null}}',
      '{"flat": {"message": {"content": {"list": 1}, "content": {}}}}',
    ]
  ) assertEquals(project(toBytes(text), 1000).part, undefined);
  const twice = '{"flat": {"message": {}}, "flat": {"message": {"text": 1}}}';
  assertEquals(JSON.parse(project(toBytes(twice), 1000).part!), {
    flat: { text: 1 },
  });
});

Deno.test("Projector does not hide a wrong bracket of an object that is inlined", () => {
  const text = '{"flat": {"message": {"text": 1], "kept": 2}}';
  assertEquals(project(toBytes(text), 1000).part, undefined);
});

Deno.test("Projector reads a member whose key has an escape", () => {
  const { part } = project(toBytes('{"k\\u0065pt": 1, "other": 2}'), 1000);
  assertEquals(JSON.parse(part!), { kept: 1 });
});
