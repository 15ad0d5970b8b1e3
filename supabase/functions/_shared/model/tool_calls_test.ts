import { deepEqual, equal } from "node:assert/strict";
import { readToolArguments, toAnswerText } from "./tool_calls.ts";

Deno.test("toAnswerText() is the text when there is some", () => {
  equal(toAnswerText("hello", [{ name: "f", arguments: {} }]), "hello");
});

Deno.test("toAnswerText() is the calls as JSON when there is no text", () => {
  equal(
    toAnswerText("", [{ name: "f", arguments: { x: 1 } }]),
    '[{"name":"f","arguments":{"x":1}}]',
  );
});

Deno.test("toAnswerText() is empty without text and calls", () => {
  equal(toAnswerText("", []), "");
});

Deno.test("readToolArguments() keeps what is not JSON", () => {
  deepEqual(readToolArguments('{"x":1}'), { x: 1 });
  equal(readToolArguments('{"x":'), '{"x":');
});
