import { assertEquals } from "@std/assert";
import { refuseObjectName } from "./object_names.ts";

const refuse = (method: string, path: string, body?: object) =>
  refuseObjectName(
    new Request(`http://127.0.0.1/storage/v1/object/${path}`, {
      method,
      body: body && JSON.stringify(body),
    }),
  );

Deno.test("refuseObjectName() refuses what Supabase Storage refuses", async () => {
  const refused = await refuse("POST", "archives/2026/Gespr%C3%A4che.json");
  assertEquals(refused?.status, 400);
  assertEquals(await refused?.json(), {
    statusCode: "400",
    error: "InvalidKey",
    message: "Invalid key: 2026/Gespräche.json",
  });
  for (const name of ["a%23b", "a~b", "a%5Bb%5D", "a%25b", "a%22b"]) {
    for (const path of [`archives/${name}`, `upload/sign/archives/${name}`]) {
      assertEquals((await refuse("PUT", path))?.status, 400, path);
    }
  }
});

Deno.test("refuseObjectName() refuses to copy and to move to such a name", async () => {
  const to = (destinationKey: string) => ({ bucketId: "a", destinationKey });
  for (const verb of ["copy", "move"]) {
    assertEquals((await refuse("POST", verb, to("ä.json")))?.status, 400);
    assertEquals(await refuse("POST", verb, to("a.json")), undefined);
  }
});

Deno.test("refuseObjectName() lets every other request pass", async () => {
  for (
    const [method, path] of [
      ["POST", "archives/2026/a-b_(c)%20'd'.json"],
      ["GET", "archives/Gespr%C3%A4che.json"],
      ["POST", "list/archives"],
    ]
  ) assertEquals(await refuse(method, path), undefined);
});
