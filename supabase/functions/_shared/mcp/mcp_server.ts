import type {
  CallToolResult,
  Server,
  Tool,
} from "@modelcontextprotocol/server";
import { toErrorResponse } from "../errors.ts";
import { toJsonSchema } from "../operations/openapi.ts";
import {
  OPERATION_NAMES,
  type OperationName,
  OPERATIONS,
} from "../operations/operations.ts";
import { projectOf, type Services } from "../operations/services.ts";
import { VERSION } from "../version.ts";
import { EVALUATORS, readResult, RESULTS, toUri } from "./results.ts";
import { toToolInput } from "./tool_schemas.ts";
import { unquoted } from "./unquoted.ts";

const JSON_TYPE = "application/json";

const INSTRUCTIONS =
  `Prompts are answered by a model and graded, in Postgres. run_pipeline starts a run and answers at once; it goes on by itself, and read_result follows it: prompt-pipeline://runs/ID, then its evaluations. prompt-pipeline://endpoints names the models there are. Runs cost money: give config.maxCost (USD), and config.maxPrompts for a first try.`;

const READ_RESULT: Tool = {
  name: "read_result",
  title: "Read results",
  description:
    `Read what the pipeline has stored, by address. {…} is yours to fill in, percent-encoded:\n${
      RESULTS.map(({ uri, title }) => `${uri}: ${title}`).join("\n")
    }`,
  inputSchema: {
    type: "object",
    properties: { uri: { type: "string" } },
    required: ["uri"],
    additionalProperties: false,
  },
  annotations: { readOnlyHint: true },
};

/**
 * The operations as tools of the Model Context Protocol, results as its resources, for one request:
 * https://modelcontextprotocol.io/specification/2026-07-28. Tools take and answer what the operations
 * do over HTTP. read_result reads resources for models, since many clients let only people read them.
 */
export function createMcpServer(
  services: Services,
  sdk: typeof import("./protocol_sdk.ts"),
): Server {
  const server = new sdk.Server({ name: "prompt-pipeline", version: VERSION }, {
    capabilities: { tools: {}, resources: {} },
    instructions: INSTRUCTIONS,
  });
  server.setRequestHandler("tools/list", () => ({
    tools: [...OPERATION_NAMES.map(toTool), READ_RESULT],
  }));
  server.setRequestHandler("tools/call", async ({ params }) => {
    const { name, arguments: input = {} } = params;
    if (name === READ_RESULT.name) {
      return await answer(() => readResult(String(input.uri), services));
    }
    if (!(OPERATION_NAMES as string[]).includes(name)) {
      throw new sdk.ProtocolError(
        sdk.ProtocolErrorCode.InvalidParams,
        `Cannot call "${name}": the tools are ${
          OPERATION_NAMES.join(", ")
        } and ${READ_RESULT.name}`,
      );
    }
    const operation = OPERATIONS[name as OperationName];
    return await answer(() =>
      operation.run(unquoted(operation.input, input), services)
    );
  });
  server.setRequestHandler("resources/list", async () => ({
    resources: [
      ...RESULTS.filter(({ uri }) => !uri.includes("{"))
        .map(({ uri, title }) => toResource(uri, title)),
      ...(await projectOf(services).listRuns()).map((
        { runId, experimentName, status },
      ) => toResource(toUri("runs", runId), `${experimentName}: ${status}`)),
    ],
  }));
  server.setRequestHandler("resources/templates/list", () => ({
    resourceTemplates: RESULTS.filter(({ uri }) => uri.includes("{")).map((
      { uri, title },
    ) => ({ uriTemplate: uri, name: uri, title, mimeType: JSON_TYPE })),
  }));
  server.setRequestHandler("resources/read", async ({ params: { uri } }) => {
    try {
      const text = JSON.stringify(await readResult(uri, services));
      return { contents: [{ uri, mimeType: JSON_TYPE, text }] };
    } catch (error) {
      // Bugs are logged by it, and hidden.
      const { code, message } = await toErrorResponse(error).json();
      throw code === "not_found"
        ? new sdk.ResourceNotFoundError(uri, message)
        : new sdk.ProtocolError(sdk.ProtocolErrorCode.InternalError, message);
    }
  });
  return server;
}

function toTool(name: OperationName): Tool {
  const { summary, output } = OPERATIONS[name];
  return {
    name,
    title: summary,
    description: `${summary}.`,
    inputSchema: toToolInput(name, EVALUATORS) as Tool["inputSchema"],
    outputSchema: toJsonSchema(output) as Tool["outputSchema"],
    annotations: {
      readOnlyHint: name === "extract_prompts",
      destructiveHint: false,
    },
  };
}

function toResource(uri: string, title: string) {
  return { uri, name: uri, title, mimeType: JSON_TYPE };
}

/** What an operation answers or refuses, so that a model can read why. */
async function answer(run: () => Promise<unknown>): Promise<CallToolResult> {
  try {
    const output = await run() as Record<string, unknown>;
    return {
      content: [
        { type: "text", text: JSON.stringify(output) },
        ...toLinks(output),
      ],
      ...Array.isArray(output) ? {} : { structuredContent: output },
    };
  } catch (error) {
    const text = await toErrorResponse(error).text();
    return { content: [{ type: "text", text }], isError: true };
  }
}

/** Where what a call has begun can be followed. */
function toLinks({ runId, sweepId }: Record<string, unknown>) {
  return [
    ...runId === undefined ? [] : [toUri("runs", String(runId))],
    ...sweepId === undefined ? [] : [toUri("sweeps", String(sweepId))],
  ].map((uri) => ({ type: "resource_link" as const, uri, name: uri }));
}
