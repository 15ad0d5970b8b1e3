import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { listen } from "../local/gateway/listen.ts";
import {
  answerOf,
  PART_BYTES,
  sendInParts,
  takesParts,
} from "./send_in_parts.ts";

/** A Storage that takes parts, of which some fail, as far as TUS 1.0.0 is used: https://tus.io/protocols/resumable-upload */
function startStorage(failing: number[] = [], mostBytes = Infinity) {
  const received: Uint8Array[] = [];
  const requests: string[] = [];
  const offset = () => received.reduce((sum, { length }) => sum + length, 0);
  const server = listen(0, async (request) => {
    requests.push(request.method);
    const headers = { "tus-resumable": "1.0.0", "tus-version": "1.0.0" };
    switch (request.method) {
      case "OPTIONS":
        return new Response(null, { status: 204, headers });
      case "POST":
        if (Number(request.headers.get("upload-length")) > mostBytes) {
          return new Response("Maximum size exceeded", {
            status: 413,
            headers,
          });
        }
        return new Response(null, {
          status: 201,
          headers: {
            ...headers,
            location: `${request.url}/${request.headers.get("apikey")}`,
          },
        });
      case "HEAD":
        return new Response(null, {
          headers: {
            ...headers,
            "upload-offset": `${offset()}`,
            "upload-length": "20000000",
          },
        });
      default: {
        const part = new Uint8Array(await request.arrayBuffer());
        if (failing.includes(requests.length)) {
          return new Response("no", { status: 403, headers });
        }
        received.push(part);
        return new Response(null, {
          status: 204,
          headers: { ...headers, "upload-offset": `${offset()}` },
        });
      }
    }
  });
  return {
    requests,
    received,
    url: `http://127.0.0.1:${server.port}`,
    stop: server.stop,
  };
}

async function withFile(
  test: (upload: Parameters<typeof sendInParts>[2]) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const file = join(folder, "large.jsonl");
  await Deno.writeFile(file, new Uint8Array(20_000_000).fill(7));
  try {
    await test({ file, bucket: "b", path: "large.jsonl", bytes: 20_000_000 });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("sendInParts() sends 6 MB at a time", () =>
  withFile(async (upload) => {
    const storage = startStorage();
    try {
      assertEquals(await takesParts(storage.url, fetch), true);
      await sendInParts(storage.url, { apikey: "k" }, upload);
      assertEquals(
        storage.received.map(({ length }) => length),
        [PART_BYTES, PART_BYTES, PART_BYTES, 20_000_000 - 3 * PART_BYTES],
      );
    } finally {
      await storage.stop();
    }
  }));

Deno.test("sendInParts() goes on where it was interrupted", () =>
  withFile(async (upload) => {
    const storage = startStorage([4]);
    try {
      await assertRejects(() => sendInParts(storage.url, {}, upload), Error);
      await sendInParts(storage.url, {}, upload);
      assertEquals(
        storage.requests.join(),
        "POST,PATCH,PATCH,PATCH,HEAD,PATCH,PATCH",
      );
      const sum = storage.received.reduce((sum, { length }) => sum + length, 0);
      assertEquals(sum, 20_000_000);
    } finally {
      await storage.stop();
    }
  }));

Deno.test("sendInParts() tells what Storage answered", () =>
  withFile(async (upload) => {
    const storage = startStorage([], 50_000);
    try {
      const error = await assertRejects(
        () => sendInParts(storage.url, {}, upload),
        Error,
      );
      assertEquals(answerOf(error), {
        status: 413,
        text: "Maximum size exceeded",
      });
    } finally {
      await storage.stop();
    }
  }));

Deno.test("takesParts() is false where nobody speaks TUS", async () => {
  const answer = () => Promise.resolve(new Response("no", { status: 404 }));
  assertEquals(await takesParts("http://127.0.0.1:1", answer), false);
});
