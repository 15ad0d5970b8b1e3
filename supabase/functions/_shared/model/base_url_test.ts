import { assertEquals } from "@std/assert";
import { completeBaseUrl } from "./base_url.ts";

function complete(url: string): string {
  return completeBaseUrl(new URL(url), "/v1", "/chat/completions").href;
}

Deno.test("completeBaseUrl() adds version and path to a bare host", () => {
  assertEquals(
    complete("https://a.example"),
    "https://a.example/v1/chat/completions",
  );
});

Deno.test("completeBaseUrl() adds the path after a version", () => {
  assertEquals(
    complete("https://a.example/api/v1/?key=1"),
    "https://a.example/api/v1/chat/completions?key=1",
  );
});

Deno.test("completeBaseUrl() leaves a whole URL alone", () => {
  assertEquals(
    complete("https://a.example/mine?x=1"),
    "https://a.example/mine?x=1",
  );
});
