import { deepEqual, throws } from "node:assert/strict";
import { readDevOptions } from "./dev_options.ts";

Deno.test("readDevOptions() reads every option", () => {
  deepEqual(readDevOptions(["--port", "5000", "--data=/srv/a", "--reset"]), {
    help: false,
    reset: true,
    port: 5_000,
    dataDir: "/srv/a",
    databaseUrl: undefined,
  });
});

Deno.test("readDevOptions() says what is wrong with an argument", () => {
  throws(() => readDevOptions(["--port", "many"]), /--port many/);
  throws(() => readDevOptions(["--db-url", "localhost"]), /--db-url/);
  throws(() => readDevOptions(["--prot", "1"]), /--prot/);
  throws(
    () => readDevOptions(["--db-url", "postgres://x/y", "--reset"]),
    /Cannot reset/,
  );
});
