import { assertEquals } from "@std/assert";
import { readFacts } from "./inspect_database.ts";

const facts = {
  serverVersion: 170010,
  version: null,
  hasPipeline: false,
  migrations: null,
  secrets: null,
  taken: { schemas: null, relations: ["public.pipeline_runs"] },
  missingExtensions: null,
  mayCreateInPublic: true,
  mayCreateSchemas: true,
  hasExtensionsSchema: true,
  role: "postgres",
};

Deno.test("readFacts() reads the rows of the CLI, and nothing as no names", () => {
  const read = readFacts(JSON.stringify([{ facts }]));
  assertEquals(read.migrations, []);
  assertEquals(read.taken.relations, ["public.pipeline_runs"]);
});
