import { assertEquals } from "@std/assert";
import {
  keepAnswer,
  recordAnswers,
  replayAnswers,
  toQuestion,
} from "./recording.ts";

Deno.test("replayAnswers() answers what was recorded, from any address, and nothing else", async () => {
  const ask = ["https://a.example/rest/v1/rpc/f", {
    method: "POST",
    body: '{"x":1,"y":2}',
  }] as const;
  const recorded = await recordAnswers(async (signal) => {
    await keepAnswer(signal, toQuestion(...ask), Response.json([1]));
    for (const other of [undefined, new AbortController().signal]) {
      await keepAnswer(
        other,
        toQuestion("https://a.example/rest/v1/other", {}),
        Response.json(2),
      );
    }
  });

  const fetch = replayAnswers(recorded);
  const [, init] = ask;
  const answer = await fetch("http://127.0.0.1:1/rest/v1/rpc/f", {
    ...init,
    body: '{"y":2,"x":1}',
  });
  assertEquals(await answer.json(), [1]);
  const other = await fetch("http://127.0.0.1:1/rest/v1/rpc/f", {
    ...init,
    body: "{}",
  });
  assertEquals([other.status, await other.json()], [404, {
    message: "This is not in the file",
  }]);
  assertEquals((await fetch("http://127.0.0.1:1/rest/v1/other")).status, 404);
});
