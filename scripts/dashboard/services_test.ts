import { assertEquals } from "@std/assert";
import { toServiceCall } from "./services.ts";

const path = (method: string, pathname: string) =>
  toServiceCall(method, pathname)?.path;

Deno.test("toServiceCall() lists buckets and folders, and reads no object", () => {
  assertEquals(path("GET", "/storage/v1/bucket"), "/storage/v1/bucket");
  assertEquals(
    path("POST", "/storage/v1/object/list/my%20chats%3F"),
    "/storage/v1/object/list/my%20chats%3F",
  );
  for (
    const [method, pathname] of [
      ["POST", "/storage/v1/bucket"],
      ["DELETE", "/storage/v1/bucket"],
      ["GET", "/storage/v1/object/list/chats"],
      ["GET", "/storage/v1/object/chats/a"],
      ["POST", "/storage/v1/object/list/a%2Fb"],
      ["POST", "/storage/v1/object/list/a%5Cb"],
      ["POST", "/storage/v1/object/list/."],
      ["POST", "/storage/v1/object/list/%"],
      ["POST", "/storage/v1/object/list/%00"],
    ]
  ) {
    assertEquals(path(method, pathname), undefined, `${method} ${pathname}`);
  }
});

Deno.test("toServiceCall() calls one function, and that to count", () => {
  assertEquals(toServiceCall("POST", "/functions/v1/extract-prompts"), {
    path: "/functions/v1/extract-prompts",
    isExtraction: true,
  });
  assertEquals(path("GET", "/functions/v1/extract-prompts"), undefined);
  assertEquals(path("POST", "/functions/v1/run-pipeline"), undefined);
});
