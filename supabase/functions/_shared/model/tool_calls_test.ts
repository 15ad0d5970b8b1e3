import { assertEquals } from "@std/assert";
import { readToolArguments, toAnswerText } from "./tool_calls.ts";

Deno.test("toAnswerText() is the text when there is some", () => {
  assertEquals(toAnswerText("hello", [{ name: "f", arguments: {} }]), "hello");
});

Deno.test("toAnswerText() is the calls as JSON when there is no text", () => {
  assertEquals(
    toAnswerText("", [{ name: "f", arguments: { x: 1 } }]),
    '[{"name":"f","arguments":{"x":1}}]',
  );
});

Deno.test("toAnswerText() is empty without text and calls", () => {
  assertEquals(toAnswerText("", []), "");
});

Deno.test("readToolArguments() keeps what is not JSON", () => {
  assertEquals(readToolArguments('{"x":1}'), { x: 1 });
  assertEquals(readToolArguments('{"x":'), '{"x":');
});
