import { assert, assertEquals } from "@std/assert";
import * as z from "zod";
import { createOpenApiDocument, toJsonSchema } from "./openapi.ts";
import { OPERATION_NAMES } from "./operations.ts";

/** Every object inside a document. */
function* nodesOf(node: unknown): Generator<Record<string, unknown>> {
  if (typeof node !== "object" || node === null) return;
  if (!Array.isArray(node)) yield node as Record<string, unknown>;
  for (const child of Object.values(node)) yield* nodesOf(child);
}

Deno.test("createOpenApiDocument() refers to nothing that is not there", () => {
  const document = createOpenApiDocument("https://p.example/functions/v1");
  for (const node of nodesOf(document)) {
    if (!("$ref" in node)) continue;
    const path = String(node.$ref).split("/").slice(1);
    const target = path.reduce(
      (inside: unknown, key) => (inside as Record<string, unknown>)?.[key],
      document,
    );
    assert(target, `${node.$ref} leads nowhere`);
  }
});

Deno.test("createOpenApiDocument() has a path, an answer and problems for each operation", () => {
  const { paths } = createOpenApiDocument("https://p.example") as {
    paths: Record<string, { post: { responses: Record<string, object> } }>;
  };
  assertEquals(Object.keys(paths).length, OPERATION_NAMES.length + 1);
  for (const name of OPERATION_NAMES) {
    const { responses } = paths[`/${name.replaceAll("_", "-")}`].post;
    assert("200" in responses && "401" in responses && "413" in responses);
  }
});

Deno.test("toJsonSchema() describes any JSON without referring to itself", () => {
  const schema = toJsonSchema(z.object({ value: z.json() }));
  assert(!JSON.stringify(schema).includes("$ref"));
  assertEquals(schema.required, ["value"]);
});
