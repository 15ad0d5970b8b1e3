import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
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

Deno.test("readStreamedAnswer() throws SyntaxError for an event that is not JSON", async () => {
  await assertRejects(
    () => read(['data: {"a\n\n'], "server-sent-events"),
    SyntaxError,
  );
});

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
