import { assertEquals } from "@std/assert";
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
  assertEquals(describe("Wrong key.", "unauthorized"), {
    class: "transient",
    code: "unauthorized",
    message: 'Endpoint "mine" failed: Wrong key',
    advice: "Check the endpoint's key",
  });
});

Deno.test("describeFailure() does without words and advice", () => {
  assertEquals(messageOf(), 'Endpoint "mine" failed');
  assertEquals(describe().advice, undefined);
  assertEquals(messageOf(""), 'Endpoint "mine" failed');
});

Deno.test("describeFailure() puts long words on one short line", () => {
  const message = messageOf("a\n\n b".repeat(1000));
  assertEquals(message.includes("\n"), false);
  assertEquals(message.length < 550, true);
  assertEquals(message.endsWith("…"), true);
});

Deno.test("describeFailure() gives the title of an HTML page", () => {
  assertEquals(
    messageOf("<!DOCTYPE html><html><head><title>502 Bad\nGateway</title>"),
    'Endpoint "mine" failed: an HTML page "502 Bad Gateway"',
  );
  assertEquals(
    messageOf("<html><body>"),
    'Endpoint "mine" failed: an HTML page',
  );
});

Deno.test("looksLikeHtml() is false for other text", () => {
  assertEquals(looksLikeHtml("<answer>"), false);
  assertEquals(looksLikeHtml('{"html":"<html>"}'), false);
});
