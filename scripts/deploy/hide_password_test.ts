import { assertEquals } from "@std/assert";
import { hidePassword } from "./hide_password.ts";

Deno.test("hidePassword() hides all of a password, wherever it stands", () => {
  assertEquals(
    hidePassword(
      "--remote=postgres://a.b:ge@heim/x@host:5432/postgres failed\npostgresql://a:geheim@h",
    ),
    "--remote=postgres://a.b:PASSWORD@host:5432/postgres failed\npostgresql://a:PASSWORD@h",
  );
  assertEquals(
    hidePassword("postgres://a@host:5432/postgres"),
    "postgres://a@host:5432/postgres",
  );
});
