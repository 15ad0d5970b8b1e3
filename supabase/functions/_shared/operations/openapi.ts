import { STATUS_CODE } from "@std/http/status";
import * as z from "zod";
import { operationErrorsSchema } from "./operation_errors.ts";
import { OPERATION_NAMES, OPERATIONS } from "./operations.ts";

const problemSchema = z.object({
  code: z.string(),
  message: z.string(),
  errors: operationErrorsSchema,
});

const PROBLEMS: Record<number, string> = {
  [STATUS_CODE.BadRequest]: "The request is wrong; errors lists every problem",
  [STATUS_CODE.Unauthorized]:
    "No key or token, or one that is wrong, forged or expired",
  [STATUS_CODE.Forbidden]: "The user may not do that",
  [STATUS_CODE.NotFound]:
    "There is no such run, endpoint, bucket or secret for the caller",
  [STATUS_CODE.Conflict]: "The Idempotency-Key was used for another request",
  [STATUS_CODE.ContentTooLarge]:
    "The body is too long, or too many prompts for a direct call",
  [STATUS_CODE.ServiceUnavailable]:
    "Database or Storage cannot be reached; try again",
};

/**
 * The OpenAPI 3.1 document of the operations, from the schemas that check the requests.
 *
 * @param url of the function prompt-pipeline
 */
export function createOpenApiDocument(url: string) {
  return {
    openapi: "3.1.0",
    info: {
      title: "prompt-pipeline",
      version: "1",
      description:
        "Prompts from conversation archives, answered by a model, in Postgres.",
    },
    servers: [{ url }],
    security: [{ secretKey: [] }, { userToken: [] }],
    paths: Object.fromEntries([
      ...OPERATION_NAMES.map((name) => [
        `/${toFunctionName(name)}`,
        { post: describePost(name, toJsonSchema(OPERATIONS[name].input)) },
      ]),
      ["/", {
        post: {
          summary: "Any operation, named in the body",
          operationId: "prompt_pipeline",
          requestBody: toBody({
            oneOf: OPERATION_NAMES.map((name) => toCall(name)),
          }),
          responses: { 200: { description: "As that operation answers" } },
        },
      }],
    ]),
    components: {
      securitySchemes: {
        secretKey: { type: "apiKey", in: "header", name: "apikey" },
        userToken: { type: "http", scheme: "bearer" },
      },
      schemas: { Problem: toJsonSchema(problemSchema) },
    },
  };
}

/** `extract_prompts` is served as `prompt-pipeline/extract-prompts`, and by a function of that name. */
export function toFunctionName(operation: string): string {
  return operation.replaceAll("_", "-");
}

/** The JSON Schema of what a caller may send. */
export function toJsonSchema(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, $defs = {}, ...json } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
  });
  return inline(json, $defs, []) as Record<string, unknown>;
}

/**
 * Puts definitions where they are referred to: inside a larger document "#/$defs/…" leads nowhere.
 * One that refers to itself, which is how zod describes "any JSON", becomes "anything" there.
 */
function inline(
  node: unknown,
  definitions: Record<string, unknown>,
  open: string[],
): unknown {
  if (Array.isArray(node)) {
    return node.map((item) => inline(item, definitions, open));
  }
  if (typeof node !== "object" || node === null) return node;
  if ("$ref" in node) {
    const name = String(node.$ref).replace("#/$defs/", "");
    if (open.includes(name)) return {};
    return inline(definitions[name], definitions, [...open, name]);
  }
  return Object.fromEntries(
    Object.entries(node).map((
      [key, value],
    ) => [key, inline(value, definitions, open)]),
  );
}

/** The input of an operation as the function prompt-pipeline takes it. */
export function toCall(name: typeof OPERATION_NAMES[number]) {
  const json = toJsonSchema(OPERATIONS[name].input) as {
    properties: object;
    required?: string[];
  };
  return {
    ...json,
    title: name,
    description: OPERATIONS[name].summary,
    properties: { operation: { const: name }, ...json.properties },
    required: ["operation", ...json.required ?? []],
  };
}

function describePost(
  name: typeof OPERATION_NAMES[number],
  input: Record<string, unknown>,
) {
  const { summary, output } = OPERATIONS[name];
  return {
    summary,
    operationId: name,
    ...name === "run_pipeline" || name === "run_sweep"
      ? {
        parameters: [{
          name: "Idempotency-Key",
          in: "header",
          description: "The same key within a week is the same run or sweep",
          schema: { type: "string", maxLength: 200 },
        }],
      }
      : {},
    requestBody: toBody(input),
    responses: {
      200: { description: "The answer", ...toContent(toJsonSchema(output)) },
      ...Object.fromEntries(
        Object.entries(PROBLEMS).map(([status, description]) => [status, {
          description,
          ...toContent({ $ref: "#/components/schemas/Problem" }),
        }]),
      ),
    },
  };
}

function toBody(schema: object) {
  return { required: true, ...toContent(schema) };
}

function toContent(schema: object) {
  return { content: { "application/json": { schema } } };
}
