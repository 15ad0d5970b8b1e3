import { assertEquals, assertMatch } from "@std/assert";
import {
  compilePassages,
  describeMissingPassages,
  passagesSchema,
} from "./passages_choice.ts";
import { problemsOf } from "./testing/evaluate.ts";
import { aRow } from "./testing/rows.ts";

Deno.test("compilePassages() reads the row's own, a place in metadata or fixed texts", () => {
  const row = aRow({
    passages: ["stored"],
    metadata: { rag: { chunks: [{ text: "a" }, { text: "b" }] } },
  });
  const read = (choice: unknown) =>
    compilePassages(passagesSchema.parse(choice))(row);
  assertEquals(read({ from: "archive" }), ["stored"]);
  assertEquals(read({ from: "metadata", path: "rag.chunks" }), ["a", "b"]);
  assertEquals(read({ from: "metadata", path: "rag.none" }), []);
  assertEquals(read({ value: ["fixed"] }), ["fixed"]);
  assertEquals(compilePassages(undefined)(row), []);
});

Deno.test("describeMissingPassages() says where nothing was found", () => {
  assertMatch(
    describeMissingPassages({ from: "metadata", path: "a.b" }),
    /nothing at a\.b in its metadata/,
  );
  assertMatch(
    describeMissingPassages({ from: "archive" }),
    /set passages to/,
  );
});

Deno.test("passagesSchema says what to write instead", () => {
  assertMatch(
    problemsOf(passagesSchema, { from: "nowhere" }),
    /must be \{"from":"archive"\}/,
  );
});
