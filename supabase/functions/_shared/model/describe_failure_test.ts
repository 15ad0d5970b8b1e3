import { deepEqual, equal } from "node:assert/strict";
import { describeFailure, looksLikeHtml } from "./describe_failure.ts";

function describe(said?: string, code = "http_500") {
  return describeFailure("mine", {
    class: "transient",
    code,
    what: "failed",
    said,
  });
}

function messageOf(said?: string): string {
  return describe(said).message;
}

Deno.test("describeFailure() says what failed, the endpoint's words and what to do", () => {
  deepEqual(describe("Wrong key.", "unauthorized"), {
    class: "transient",
    code: "unauthorized",
    message: 'Endpoint "mine" failed: Wrong key',
    advice: "Check the endpoint's key",
  });
});

Deno.test("describeFailure() does without words and advice", () => {
  equal(messageOf(), 'Endpoint "mine" failed');
  equal(describe().advice, undefined);
  equal(messageOf(""), 'Endpoint "mine" failed');
});

Deno.test("describeFailure() puts long words on one short line", () => {
  const message = messageOf("a\n\n b".repeat(1000));
  equal(message.includes("\n"), false);
  equal(message.length < 550, true);
  equal(message.endsWith("…"), true);
});

Deno.test("describeFailure() gives the title of an HTML page", () => {
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
