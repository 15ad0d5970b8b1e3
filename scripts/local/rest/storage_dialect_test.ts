import { assertEquals } from "@std/assert";
import { fromLiteResponse, toLiteRequest } from "./storage_dialect.ts";

const origin = "http://127.0.0.1:54321/storage/v1/object";

Deno.test("toLiteRequest() takes the file out of a form", async () => {
  const form = new FormData();
  form.append("cacheControl", "60");
  form.append("", new Blob(["hello"], { type: "text/csv" }));
  const request = await toLiteRequest(
    new Request(`${origin}/archives/a.csv`, { method: "POST", body: form }),
  );
  assertEquals(request.headers.get("content-type"), "text/csv");
  assertEquals(request.headers.get("cache-control"), "max-age=60");
  assertEquals(await request.text(), "hello");
});

Deno.test("toLiteRequest() knows the route for signed-in users", async () => {
  const url = `${origin}/authenticated/archives/a.json?download`;
  const request = await toLiteRequest(new Request(url));
  assertEquals(request.url, `${origin}/archives/a.json?download`);
});

Deno.test("fromLiteResponse() names a signed URL as the client expects it", async () => {
  const request = new Request(`${origin}/sign/archives/a.json`, {
    method: "POST",
  });
  const response = await fromLiteResponse(
    request,
    Response.json({ signedUrl: "/storage/v1/object/sign/archives/a.json?t" }),
  );
  assertEquals(
    (await response.json()).signedURL,
    "/object/sign/archives/a.json?t",
  );
});
