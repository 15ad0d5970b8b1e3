import { assertEquals } from "@std/assert";
import { type QueuedRequest, sendQueuedRequest } from "./http_request.ts";

const post: QueuedRequest = {
  id: "7",
  method: "POST",
  url: "http://127.0.0.1:9/hook",
  headers: { "content-type": "application/json", authorization: null },
  body: new TextEncoder().encode("{}"),
  timeout_milliseconds: 5_000,
};

Deno.test("sendQueuedRequest() sends the body and the headers with a value", async () => {
  let sent: Request | undefined;
  const response = await sendQueuedRequest(post, (input, init) => {
    sent = new Request(input, init);
    return Promise.resolve(Response.json({ ok: true }, { status: 202 }));
  });
  assertEquals(await sent!.text(), "{}");
  assertEquals(sent!.headers.get("content-type"), "application/json");
  assertEquals(sent!.headers.has("authorization"), false);
  assertEquals(response, {
    id: "7",
    status_code: 202,
    content_type: "application/json",
    headers: { "content-type": "application/json" },
    content: '{"ok":true}',
    timed_out: false,
    error_msg: null,
  });
});

Deno.test("sendQueuedRequest() records why nothing came back", async () => {
  const response = await sendQueuedRequest(
    post,
    () => Promise.reject(new TypeError("connection refused")),
  );
  assertEquals(response.status_code, null);
  assertEquals(response.timed_out, false);
  assertEquals(response.error_msg, "connection refused");
});

Deno.test("sendQueuedRequest() gives up at the time limit", async () => {
  const response = await sendQueuedRequest(
    { ...post, timeout_milliseconds: 1 },
    (_input, init) =>
      new Promise((_, reject) =>
        init!.signal!.addEventListener(
          "abort",
          () => reject(new Error("aborted")),
        )
      ),
  );
  assertEquals(response.timed_out, true);
  assertEquals(response.error_msg, "Timeout of 1 ms reached");
});
