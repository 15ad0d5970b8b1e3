import { assertEquals } from "@std/assert";
import { refuseObjectName } from "./object_names.ts";

const refuse = (method: string, path: string) =>
  refuseObjectName(
    new Request(`http://127.0.0.1/storage/v1/object/${path}`, { method }),
  );

Deno.test("refuseObjectName() refuses what Supabase Storage refuses", async () => {
  const refused = refuse("POST", "archives/2026/Gespr%C3%A4che.json");
  assertEquals(refused?.status, 400);
  assertEquals(await refused?.json(), {
    statusCode: "400",
    error: "InvalidKey",
    message: "Invalid key: 2026/Gespräche.json",
  });
  for (const name of ["a%23b", "a~b", "a%5Bb%5D", "a%25b", "a%22b"]) {
    assertEquals(refuse("PUT", `archives/${name}`)?.status, 400, name);
    assertEquals(
      refuse("PUT", `upload/sign/archives/${name}`)?.status,
      400,
      name,
    );
  }
});

Deno.test("refuseObjectName() lets every other request pass", () => {
  assertEquals(refuse("POST", "archives/2026/a-b_(c)%20'd'.json"), undefined);
  assertEquals(refuse("GET", "archives/Gespr%C3%A4che.json"), undefined);
  assertEquals(refuse("POST", "list/archives"), undefined);
});
