import {
  assert,
  assertEquals,
  assertObjectMatch,
  assertRejects,
} from "@std/assert";
import type { EgressVerdict } from "../model/egress_guard.ts";
import { createPostJson } from "./post_json.ts";

function createFakes(
  replies: (() => Promise<Response>)[],
  verdict: EgressVerdict = { verdict: "allowed" },
) {
  const waits: number[] = [];
  const sent: (RequestInit | undefined)[] = [];
  const post = createPostJson({
    fetch: (_, request) => replies[sent.push(request) - 1](),
    guard: { check: () => Promise.resolve(verdict) },
    clock: {
      now: () => 0,
      wait: (milliseconds) => {
        waits.push(milliseconds);
        return Promise.resolve();
      },
    },
    signal: new AbortController().signal,
  });
  return {
    post: () => post("https://a.example/score", { a: 1 }),
    waits,
    sent,
  };
}

const says = (status: number, body = "{}") => () =>
  Promise.resolve(new Response(body, { status }));

Deno.test("createPostJson() gives the JSON of the answer", async () => {
  const { post, sent } = createFakes([says(200, '{"scores":[]}')]);
  assertEquals(await post(), { scores: [] });
  // What is compressed may be a hundred times as long as what arrives.
  const headers = new Headers(sent[0]?.headers);
  assertEquals(headers.get("accept-encoding"), "identity");
});

Deno.test("createPostJson() tries again what may pass, three times in all", async () => {
  const recovers = createFakes([
    says(500),
    () => Promise.reject(new TypeError("down")),
    says(200),
  ]);
  assertEquals(await recovers.post(), {});
  assertEquals(recovers.waits, [500, 1000]);
  const stays = createFakes([says(503), says(503), says(503)]);
  assertObjectMatch(await assertRejects(stays.post, Error), {
    code: "unavailable",
  });
});

Deno.test("createPostJson() does not repeat what cannot pass", async () => {
  for (const reply of [says(404), says(302), says(200, "no json")]) {
    const fakes = createFakes([reply]);
    assertObjectMatch(await assertRejects(fakes.post, Error), {
      code: "invalid_request",
    });
    assertEquals(fakes.sent.length, 1);
  }
});

Deno.test("createPostJson() stops reading an endless answer, and does not ask again", async () => {
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(100_000));
    },
  });
  const fakes = createFakes([() => Promise.resolve(new Response(endless))]);
  assertObjectMatch(await assertRejects(fakes.post, Error), {
    code: "invalid_request",
    message: "a.example answered more than 1000000 bytes",
  });
  assert(pulled < 20, `${pulled} pieces`);
});

Deno.test("createPostJson() sends nothing to where the egress guard forbids", async () => {
  const fakes = createFakes([], { verdict: "refused", reason: "private" });
  assertObjectMatch(await assertRejects(fakes.post, Error), {
    code: "invalid_request",
    message: "private",
  });
  assertEquals(fakes.sent.length, 0);
});
