import {
  assertEquals,
  assertMatch,
  assertNotStrictEquals,
  assertStrictEquals,
} from "@std/assert";
import { foundPrompt } from "../testing/found_prompt.ts";
import { placeOf } from "./place.ts";

const places = (
  conversations: (string | number)[],
  messages: (string | number)[],
) =>
  conversations.flatMap((conversation) =>
    messages.map((message) => placeOf(foundPrompt({ conversation, message })))
  );

Deno.test("placeOf() gives every message a place that can be read", () => {
  assertEquals(
    placeOf(foundPrompt({ entry: "in.json" })),
    '["bucket","chats.json","in.json","talk","id"]',
  );
  const all = places(
    ["talk", "0", 0, 1, '","', "\0", "\ud83d"],
    ["id", "0", "1", 0, 1, 2 ** 31, '","', "\0", "\ud83d"],
  );
  assertEquals(new Set(all).size, 7 * 9);
  for (const place of all) assertMatch(place, /^\[[^\0\ud83d]+\]$/u);
});

Deno.test("placeOf() gives every message with long ids a place of 32 digits", () => {
  const long = "\u20ac".repeat(300);
  const all = places([long, `${long}0`, 0], [long, `${long}1`]);
  assertEquals(new Set(all).size, 6);
  for (const place of all) assertMatch(place, /^[0-9a-f]{32}$/);
  // Entries of an index stay below 2,700 bytes.
  const [longest] = places([0], [long.slice(0, 200 - 31)]);
  assertEquals([longest.length, longest[0]].join(), "200,[");
});

Deno.test("placeOf() tells what is asked apart where ids of conversations may be repeated", () => {
  const placesAt = (message: string | number, conversation: string | number) =>
    new Set(
      ["one", "one", "two"].map((text) =>
        placeOf(foundPrompt({ text, message, conversation }))
      ),
    ).size;
  assertEquals(placesAt(0, "talk"), 2);
  assertEquals(placesAt("id", "talk"), 1);
  assertEquals(placesAt(0, 0), 1);
});

Deno.test("placeOf() tells archives apart and looks at nothing else", () => {
  const place = placeOf(foundPrompt({}));
  assertStrictEquals(
    placeOf(foundPrompt({ text: "other", time: "2025" })),
    place,
  );
  const others = [
    { entry: "conversations.json" },
    { path: "other.json" },
    { bucket: "other" },
  ];
  for (const other of others) {
    assertNotStrictEquals(placeOf(foundPrompt(other)), place);
  }
});
