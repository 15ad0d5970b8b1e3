import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { checkout } from "./local/checkout.ts";
import { withNpx } from "./moving_in/testing/stand_in_npx.ts";

Deno.test("deploy says what a project did not answer in one line, without the password", () =>
  withNpx("exit 7", async () => {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        join(checkout, "scripts/deploy.ts"),
        "postgres://postgres.abcdefghijklmnopqrst:geheim@pooler.example:5432/postgres",
        "--yes",
      ],
    }).output();
    const said = new TextDecoder().decode(stderr);
    assertEquals([code, said.trim().split("\n").length], [1, 1], said);
    assert(said.startsWith("Cannot ask the project"), said);
    assert(!said.includes("geheim"), said);
  }));
