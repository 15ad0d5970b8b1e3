import { assertEquals, assertObjectMatch, assertRejects } from "@std/assert";
import { createArchiveStorage } from "./storage.ts";

function createStorage() {
  const sent: string[] = [];
  const storage = createArchiveStorage({
    supabaseUrl: "https://project.test",
    secretKey: "sb_secret_x",
  }, (input) => {
    sent.push(new Request(input).url);
    return Promise.resolve(Response.json([]));
  });
  return { sent, storage };
}

const { signal } = new AbortController();

Deno.test("createArchiveStorage() opens an object by its whole name", async () => {
  const { sent, storage } = createStorage();
  await storage.open("chats", "user/%2e%2e/..a/b?c#d.json", 0, signal);
  assertEquals(sent, [
    "https://project.test/storage/v1/object/chats/user/%252e%252e/..a/b%3Fc%23d.json",
  ]);
});

Deno.test("createArchiveStorage() refuses names that a URL would shorten", async () => {
  const { sent, storage } = createStorage();
  const refused = { code: "invalid_request" };
  for (
    const path of ["user/../other/a.json", "../a.json", "user/./a.json", ".."]
  ) {
    assertObjectMatch(
      await assertRejects(() => storage.open("chats", path, 0, signal), Error),
      refused,
    );
    assertObjectMatch(
      await assertRejects(() => storage.list("chats", path, 0), Error),
      refused,
    );
  }
  assertObjectMatch(
    await assertRejects(
      () => storage.open("..", "bucket/a.json", 0, signal),
      Error,
    ),
    refused,
  );
  assertObjectMatch(
    await assertRejects(() => storage.list(".", "", 0), Error),
    refused,
  );
  assertObjectMatch(
    await assertRejects(() => storage.checkBucket(".."), Error),
    refused,
  );
  assertEquals(sent, []);
});

Deno.test("createArchiveStorage() finds what a file was called in its object's metadata", async () => {
  const name = "Gesprache=8c59e9ad.json";
  const sent: string[] = [];
  const metadata = { originalPath: "Gespräche.json", sha256: "ab", more: 1 };
  const storage = createArchiveStorage({
    supabaseUrl: "https://project.test",
    secretKey: "sb_secret_x",
  }, (input) => {
    const { url } = new Request(input);
    sent.push(url.slice("https://project.test/storage/v1/object/".length));
    return Promise.resolve(
      url.includes("old")
        ? new Response("no such route", { status: 404 })
        : Response.json({ metadata }),
    );
  });
  assertObjectMatch(await storage.open("chats", name, 0, signal), {
    originalPath: "Gespräche.json",
  });
  assertEquals(sent.map(decodeURIComponent), [
    `info/chats/${name}`,
    `chats/${name}`,
  ]);
  assertEquals(await storage.readMetadata("chats", name), {
    sha256: "ab",
    originalPath: "Gespräche.json",
  });
  assertEquals(await storage.readMetadata("old", name), {});
  sent.length = 0;
  const { originalPath } = await storage.open("chats", "a.json", 0, signal);
  assertEquals([originalPath, sent], [undefined, ["chats/a.json"]]);
});

Deno.test("createArchiveStorage() knows an object again whose tag a CDN has made weak", async () => {
  const asked: (string | null)[] = [];
  const storage = createArchiveStorage({
    supabaseUrl: "https://project.test",
    secretKey: "sb_secret_x",
  }, (input, init) => {
    const { headers } = new Request(input, init);
    asked.push(headers.get("accept-encoding"));
    // As a CDN does that compresses whole objects of some types, and no parts.
    return Promise.resolve(
      headers.has("range")
        ? new Response("b", { status: 206, headers: { etag: '"x"' } })
        : new Response("ab", { headers: { etag: 'W/"x"' } }),
    );
  });
  const whole = await storage.open("chats", "a.json", 0, signal);
  const rest = await storage.open("chats", "a.json", 1, signal);
  assertEquals([whole.version, rest.version], ["x", "x"]);
  assertEquals(asked, ["identity", "identity"]);
});
