import { assertEquals, assertObjectMatch, assertRejects } from "@std/assert";
import { readBody } from "./read_body.ts";

function post(body: BodyInit, headers: HeadersInit = {}): Request {
  return new Request("http://localhost", { method: "POST", body, headers });
}

Deno.test("readBody() parses JSON", async () => {
  assertEquals(await readBody(post('{"a":"é"}'), 100), { a: "é" });
});

Deno.test("readBody() stops reading a body that is too long", async () => {
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(10));
    },
  });
  assertObjectMatch(
    await assertRejects(() => readBody(post(endless), 25), Error),
    { code: "too_large" },
  );
  assertEquals(pulled < 6, true);
});

Deno.test("readBody() refuses what is announced as too long", async () => {
  assertObjectMatch(
    await assertRejects(
      () => readBody(post("{}", { "content-length": "200" }), 100),
      Error,
    ),
    {
      code: "too_large",
    },
  );
});

Deno.test("readBody() refuses what is not JSON", async () => {
  assertObjectMatch(
    await assertRejects(() => readBody(post("{"), 100), Error),
    { code: "invalid_request" },
  );
});

Deno.test("readBody() refuses JSON that is nested too deep, parsed or not", async () => {
  for (const length of [201, 100_000]) {
    for (
      const text of [
        "[".repeat(length),
        `${"[".repeat(length)}${"]".repeat(length)}`,
      ]
    ) {
      assertObjectMatch(
        await assertRejects(
          () => readBody(post(text), 1_000_000),
          Error,
          "deeper than 200 levels",
        ),
        { code: "invalid_request" },
      );
    }
  }
});

Deno.test("readBody() counts no brackets within texts", async () => {
  const value = { a: [`${"[".repeat(300)}"\\"`, ...Array(300).fill([[]])] };
  assertEquals(await readBody(post(JSON.stringify(value)), 10_000), value);
});
