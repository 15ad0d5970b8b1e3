import { equal, notEqual } from "node:assert/strict";
import { foundPrompt } from "../testing/found_prompt.ts";
import { placeOf } from "./place.ts";

Deno.test("placeOf() gives every message a place of 32 digits", () => {
  const messages = ["id", "0", "1", 0, 1, 2 ** 31];
  const conversations = ["talk", "0", 0, 1];
  const places = conversations.flatMap((conversation) =>
    messages.map((message) => placeOf(foundPrompt({ conversation, message })))
  );
  equal(new Set(places).size, messages.length * conversations.length);
  for (const place of places) equal(/^[0-9a-f]{32}$/.test(place), true);
});

Deno.test("placeOf() tells archives apart and looks at nothing else", () => {
  const place = placeOf(foundPrompt({}));
  equal(placeOf(foundPrompt({ key: "other", time: "2025" })), place);
  const others = [
    { entry: "conversations.json" },
    { path: "other.json" },
    { bucket: "other" },
  ];
  for (const other of others) notEqual(placeOf(foundPrompt(other)), place);
});
