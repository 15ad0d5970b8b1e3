import { assertEquals, assertRejects } from "@std/assert";
import {
  readBeginning,
  readChunks,
  readText,
  ResponseTooLarge,
} from "./response_body.ts";

function streamOf(chunks: Uint8Array[], onCancel = () => {}): Response {
  return new Response(
    new ReadableStream({
      pull(controller) {
        const chunk = chunks.shift();
        if (chunk) controller.enqueue(chunk);
        else controller.close();
      },
      cancel: onCancel,
    }, { highWaterMark: 0 }),
  );
}

Deno.test("readText() joins characters that chunks cut apart", async () => {
  const bytes = new TextEncoder().encode("a€b");
  const response = streamOf([bytes.slice(0, 2), bytes.slice(2)]);
  assertEquals(await readText(response, 100), "a€b");
});

Deno.test("readText() is empty when there is no body", async () => {
  assertEquals(await readText(new Response(null), 100), "");
});

Deno.test("readText() reads exactly the limit", async () => {
  assertEquals(
    await readText(streamOf([new Uint8Array(10)]), 10),
    "\0".repeat(10),
  );
});

Deno.test("readText() stops at the limit and ends the connection", async () => {
  let cancelled = false;
  const chunks = Array.from({ length: 100 }, () => new Uint8Array(10));
  const response = streamOf(chunks, () => cancelled = true);
  await assertRejects(() => readText(response, 25), ResponseTooLarge);
  assertEquals(cancelled, true);
  assertEquals(chunks.length, 97, "no more was read than needed");
});

Deno.test("readText() reads a body of a stated length in one piece", async () => {
  const response = new Response("a€b", { headers: { "content-length": "5" } });
  response.body!.getReader = () => {
    throw new Error("read in pieces");
  };
  assertEquals(await readText(response, 5), "a€b");
});

Deno.test("readText() does not trust the stated length of a compressed body", async () => {
  const response = new Response("twelve bytes", {
    headers: { "content-length": "5", "content-encoding": "gzip" },
  });
  await assertRejects(() => readText(response, 6), ResponseTooLarge);
});

Deno.test("readText() does not trust a stated length beside Transfer-Encoding", async () => {
  const response = new Response("twelve bytes", {
    headers: { "content-length": "5", "transfer-encoding": "chunked" },
  });
  await assertRejects(() => readText(response, 6), ResponseTooLarge);
});

Deno.test("readBeginning() reads no more than is asked for", async () => {
  let cancelled = false;
  const chunks = Array.from(
    { length: 100 },
    () => new TextEncoder().encode("ab\0"),
  );
  const response = streamOf(chunks, () => cancelled = true);
  assertEquals(await readBeginning(response, 4), "aba");
  assertEquals([chunks.length, cancelled], [98, true]);
});

Deno.test("readText() refuses a stated length above the limit", async () => {
  const response = new Response("twelve bytes", {
    headers: { "content-length": "12" },
  });
  await assertRejects(() => readText(response, 11), ResponseTooLarge);
});

Deno.test("readChunks() ends the connection when its reader stops early", async () => {
  let cancelled = false;
  const response = streamOf(
    [new Uint8Array([97]), new Uint8Array([98])],
    () => cancelled = true,
  );
  const seen: string[] = [];
  for await (const chunk of readChunks(response, 100)) {
    seen.push(chunk);
    break;
  }
  assertEquals(seen, ["a"]);
  assertEquals(cancelled, true);
});
