import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { FailedCall } from "./failed_call.ts";
import type { JsonObject } from "./json_value.ts";
import {
  readStreamedAnswer,
  type StreamKind,
  streamKindOf,
  streamKindOfText,
} from "./streamed_answer.ts";

/** Collects events; the answer is complete with an event that says `last`. */
function collect() {
  const seen: JsonObject[] = [];
  return {
    add: (event: JsonObject) => {
      seen.push(event);
      return event.last === true;
    },
    body: () => ({ seen }),
  };
}

async function read(chunks: string[], kind: StreamKind): Promise<unknown> {
  const body = await readStreamedAnswer(chunks, kind, collect());
  return (body as { seen: unknown }).seen;
}

Deno.test("readStreamedAnswer() joins events that chunks cut apart", async () => {
  const text =
    ': hello\r\nevent: x\ndata: {"a":\ndata: 1}\n\ndata: {"b":2}\n\n';
  assertEquals(await read([...text], "server-sent-events"), [{ a: 1 }, {
    b: 2,
  }]);
});

Deno.test("readStreamedAnswer() reads a last event without its blank line", async () => {
  assertEquals(await read(['data: {"a":1}'], "server-sent-events"), [{ a: 1 }]);
});

Deno.test("readStreamedAnswer() reads lines of JSON", async () => {
  const text = '{"a":1}\n\n{"b":2}\r\n{"c":3}';
  assertEquals(await read([...text], "json-lines"), [{ a: 1 }, { b: 2 }, {
    c: 3,
  }]);
});

for (const end of ["[DONE]", '{"last":true}']) {
  Deno.test(`readStreamedAnswer() stops at ${end} though the stream stays open`, async () => {
    let closed = false;
    async function* chunks() {
      try {
        yield `data: {"a":1}\n\ndata: ${end}\n\ndata: {"late":1}\n\n`;
        await new Promise(() => {});
      } finally {
        closed = true;
      }
    }
    const body = await readStreamedAnswer(
      chunks(),
      "server-sent-events",
      collect(),
    );
    assertEquals(JSON.stringify(body).includes("late"), false);
    assertEquals(closed, true);
  });
}

Deno.test("readStreamedAnswer() says the words of an event that is not JSON", async () => {
  // lucasjinreal/Crane, pull request 121.
  const failed = await assertRejects(
    () => read(["data: error: out of memory\n\n"], "server-sent-events"),
    FailedCall,
  );
  assertEquals(failed.failure.code, "invalid_json");
  assertEquals(failed.failure.said, "error: out of memory");
});

/** Knows no event and is never complete. */
const unmoved = { add: () => false, body: () => undefined };

for (
  const [about, text, body] of [
    [
      "JSON with the end of a stream behind it",
      '{"a":1}\n\ndata: [DONE]\n\n',
      {
        a: 1,
      },
    ],
    ["JSON on several lines", '\n{\n  "a": 1\n}\n', { a: 1 }],
    [
      "the event that tells of a failure",
      'data: {"choices":null,"error_message":"m"}\n\ndata: {"a":1}\n\n',
      { choices: null, error_message: "m" },
    ],
    ["nothing of a stream that is cut", 'data: {"a":1}\n\n', undefined],
  ] as const
) {
  Deno.test(`readStreamedAnswer() takes for the answer ${about}`, async () => {
    for (const chunks of [[text], [...text]]) {
      assertEquals(
        await readStreamedAnswer(chunks, "server-sent-events", unmoved),
        body,
      );
    }
  });
}

for (
  const [type, kind] of [
    ["text/event-stream; charset=utf-8", "server-sent-events"],
    ["application/x-ndjson", "json-lines"],
    ["application/jsonl", "json-lines"],
    ["application/json", undefined],
    [null, undefined],
  ] as const
) {
  Deno.test(`streamKindOf() takes ${type} for ${kind}`, () => {
    assertStrictEquals(streamKindOf(type), kind);
  });
}

for (
  const [text, kind] of [
    ["data: {}\n\n", "server-sent-events"],
    [": ping\n\ndata: {}\n\n", "server-sent-events"],
    ["event: x\ndata: {}\n\n", "server-sent-events"],
    ['{"a":1}\n{"b":2}\n', "json-lines"],
    ['{"a":1', undefined],
    ["{\n{", undefined],
    ["<html>", undefined],
    ["database: no", undefined],
  ] as const
) {
  Deno.test(`streamKindOfText() takes ${JSON.stringify(text)} for ${kind}`, () => {
    assertStrictEquals(streamKindOfText(text), kind);
  });
}
