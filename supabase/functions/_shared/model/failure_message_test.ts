import { equal } from "node:assert/strict";
import { looksLikeHtml, toFailureMessage } from "./failure_message.ts";

function messageOf(said?: string, code = "http_500"): string {
  return toFailureMessage({ endpoint: "mine", code, what: "failed", said });
}

Deno.test("toFailureMessage() says what failed, the endpoint's words and what to do", () => {
  equal(
    messageOf("Wrong key.", "unauthorized"),
    'Endpoint "mine" failed: Wrong key. ' +
      "Check the endpoint's key, then resume the run",
  );
});

Deno.test("toFailureMessage() does without words and advice", () => {
  equal(messageOf(), 'Endpoint "mine" failed');
  equal(messageOf(""), 'Endpoint "mine" failed');
});

Deno.test("toFailureMessage() puts long words on one short line", () => {
  const message = messageOf("a\n\n b".repeat(1000));
  equal(message.includes("\n"), false);
  equal(message.length < 550, true);
  equal(message.endsWith("…"), true);
});

Deno.test("toFailureMessage() gives the title of an HTML page", () => {
  equal(
    messageOf("<!DOCTYPE html><html><head><title>502 Bad\nGateway</title>"),
    'Endpoint "mine" failed: an HTML page "502 Bad Gateway"',
  );
  equal(messageOf("<html><body>"), 'Endpoint "mine" failed: an HTML page');
});

Deno.test("looksLikeHtml() is false for other text", () => {
  equal(looksLikeHtml("<answer>"), false);
  equal(looksLikeHtml('{"html":"<html>"}'), false);
});
