import { assertEquals, assertThrows } from "@std/assert";
import { readDevOptions } from "./dev_options.ts";

Deno.test("readDevOptions() reads every option", () => {
  const args = ["--port", "5000", "--data=/srv/a", "--reset", "--no-simulator"];
  assertEquals(readDevOptions(args), {
    help: false,
    reset: true,
    asItIs: false,
    port: 5_000,
    dataDir: "/srv/a",
    databaseUrl: undefined,
    project: undefined,
    simulator: false,
  });
  assertEquals(readDevOptions([]).simulator, true);
  assertEquals(readDevOptions(["--as-it-is"]).asItIs, true);
});

Deno.test("readDevOptions() says what is wrong with an argument", () => {
  assertThrows(() => readDevOptions(["--port", "many"]), Error, "--port many");
  assertThrows(
    () => readDevOptions(["--db-url", "localhost"]),
    Error,
    "--db-url",
  );
  assertThrows(() => readDevOptions(["--prot", "1"]), Error, "--prot");
  assertThrows(
    () => readDevOptions(["--db-url", "postgres://x/y", "--reset"]),
    Error,
    "Cannot reset",
  );
});
