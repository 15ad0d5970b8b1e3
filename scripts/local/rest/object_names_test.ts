import { deepEqual, equal } from "node:assert/strict";
import { refuseObjectName } from "./object_names.ts";

const refuse = (method: string, path: string) =>
  refuseObjectName(
    new Request(`http://127.0.0.1/storage/v1/object/${path}`, { method }),
  );

Deno.test("refuseObjectName() refuses what Supabase Storage refuses", async () => {
  const refused = refuse("POST", "archives/2026/Gespr%C3%A4che.json");
  equal(refused?.status, 400);
  deepEqual(await refused?.json(), {
    statusCode: "400",
    error: "InvalidKey",
    message: "Invalid key: 2026/Gespräche.json",
  });
  for (const name of ["a%23b", "a~b", "a%5Bb%5D", "a%25b", "a%22b"]) {
    equal(refuse("PUT", `archives/${name}`)?.status, 400, name);
    equal(refuse("PUT", `upload/sign/archives/${name}`)?.status, 400, name);
  }
});

Deno.test("refuseObjectName() lets every other request pass", () => {
  equal(refuse("POST", "archives/2026/a-b_(c)%20'd'.json"), undefined);
  equal(refuse("GET", "archives/Gespr%C3%A4che.json"), undefined);
  equal(refuse("POST", "list/archives"), undefined);
});
