import { deepEqual, rejects } from "node:assert/strict";
import { readBody } from "./read_body.ts";

function post(body: BodyInit, headers: HeadersInit = {}): Request {
  return new Request("http://localhost", { method: "POST", body, headers });
}

Deno.test("readBody() parses JSON", async () => {
  deepEqual(await readBody(post('{"a":"é"}'), 100), { a: "é" });
});

Deno.test("readBody() stops reading a body that is too long", async () => {
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(10));
    },
  });
  await rejects(readBody(post(endless), 25), { code: "too_large" });
  deepEqual(pulled < 6, true);
});

Deno.test("readBody() refuses what is announced as too long", async () => {
  await rejects(readBody(post("{}", { "content-length": "200" }), 100), {
    code: "too_large",
  });
});

Deno.test("readBody() refuses what is not JSON", async () => {
  await rejects(readBody(post("{"), 100), { code: "invalid_request" });
});

Deno.test("readBody() refuses JSON that is nested too deep, parsed or not", async () => {
  for (const length of [201, 100_000]) {
    for (
      const text of [
        "[".repeat(length),
        `${"[".repeat(length)}${"]".repeat(length)}`,
      ]
    ) {
      await rejects(readBody(post(text), 1_000_000), {
        code: "invalid_request",
        message: /deeper than 200 levels/,
      });
    }
  }
});

Deno.test("readBody() counts no brackets within texts", async () => {
  const value = { a: [`${"[".repeat(300)}"\\"`, ...Array(300).fill([[]])] };
  deepEqual(await readBody(post(JSON.stringify(value)), 10_000), value);
});
