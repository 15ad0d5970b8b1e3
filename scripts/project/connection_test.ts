import { assert, assertEquals, assertThrows } from "@std/assert";
import { readConnection } from "./connection.ts";

Deno.test("readConnection() reads URL and key", () => {
  assertEquals(
    readConnection({
      SUPABASE_URL: "http://127.0.0.1:54321/",
      SUPABASE_SECRET_KEY: "sb_secret_x",
    }),
    { url: "http://127.0.0.1:54321", secretKey: "sb_secret_x" },
  );
});

Deno.test("readConnection() names every variable that is missing", () => {
  const error = assertThrows(
    () => readConnection({ SUPABASE_URL: "example" }),
    Error,
  );
  assert(
    error instanceof TypeError && /SUPABASE_URL/.test(error.message) &&
      /SUPABASE_SECRET_KEY/.test(error.message),
  );
});
