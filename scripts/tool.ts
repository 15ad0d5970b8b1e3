/**
 * The pipeline as a tool for programs and agents, in this process or in the Edge Functions of a
 * project. Runs under Deno and Node 20 or newer.
 */
import process from "node:process";
import {
  OPERATION_NAMES,
  type OperationName,
  OPERATIONS,
} from "../supabase/functions/_shared/operations/operations.ts";
import { toCall } from "../supabase/functions/_shared/operations/openapi.ts";
import { PipelineError } from "../supabase/functions/_shared/errors.ts";
import { type Connection, readConnection } from "./project/connection.ts";
import { createLocalServices } from "./project/services.ts";
import { callProject } from "./tool/call_project.ts";
import type {
  PromptExtractorTool,
  PromptPipelineTool,
  ToolInput,
  ToolOptions,
  ToolOutput,
} from "./tool/tool_types.ts";
import { uploadLocalSource } from "./tool/upload_local_source.ts";

export type * from "./tool/tool_types.ts";

/** Makes a tool that works as the options say. */
export function createPromptPipelineTool(
  options: ToolOptions = {},
): PromptPipelineTool {
  return {
    name: "prompt_pipeline",
    description: `Prompts from conversation archives, answered by a model. ${
      OPERATION_NAMES.map((name) => `${name}: ${OPERATIONS[name].summary}.`)
        .join(" ")
    }`,
    inputSchema: {
      type: "object",
      required: ["operation"],
      properties: { operation: { enum: OPERATION_NAMES } },
      oneOf: OPERATION_NAMES.map(toCall),
    },
    async execute<Name extends OperationName>(input: ToolInput<Name>) {
      const { operation, ...rest } = input;
      if (!OPERATION_NAMES.includes(operation)) {
        throw new PipelineError(
          "invalid_request",
          `Cannot run "${operation}": the operations are ${
            OPERATION_NAMES.join(", ")
          }`,
        );
      }
      const answer = options.remote
        ? callProject(
          options.remote,
          { operation, ...rest },
          options.fetch ?? fetch,
        )
        : runHere(operation, rest, options);
      return await answer as ToolOutput<Name>;
    },
  };
}

/**
 * The tool of this process: SUPABASE_URL and SUPABASE_SECRET_KEY name the project that operations
 * read and write; extracting local directories and calling a model need none.
 */
export const promptPipelineTool: PromptPipelineTool =
  createPromptPipelineTool();

/** For code written against the first version: the texts of the prompts of a directory. */
export const promptExtractorTool: PromptExtractorTool = {
  name: "prompt_extractor",
  description: "Read the prompts of conversation archives in a directory.",
  async execute({ directory, maxPrompts }) {
    const { prompts, total, errors } = await promptPipelineTool.execute({
      operation: "extract_prompts",
      directory,
      maxPrompts,
    });
    return {
      prompts: prompts.map(({ text }) => text),
      total,
      errors: errors.map(({ message }) => message),
    };
  },
};

async function runHere(
  operation: OperationName,
  input: unknown,
  {
    environment = process.env,
    allowPrivateHosts = environment.PIPELINE_ALLOW_PRIVATE_HOSTS === "true",
    fetch = globalThis.fetch,
  }: ToolOptions,
): Promise<unknown> {
  const connection = findConnection(operation, input, environment);
  const services = createLocalServices(connection, {
    fetch,
    allowPrivateHosts,
  });
  if (operation !== "run_pipeline" && operation !== "run_sweep") {
    return await OPERATIONS[operation].run(input, services);
  }
  const { input: uploaded, errors } = await uploadLocalSource(
    input,
    connection!,
    fetch,
  );
  const answer = await OPERATIONS[operation].run(uploaded, services);
  return { ...answer, errors: [...errors, ...answer.errors] };
}

/** Undefined only where the operation works without a project. */
function findConnection(
  operation: OperationName,
  input: unknown,
  environment: Record<string, string | undefined>,
): Connection | undefined {
  const isSet = environment.SUPABASE_URL !== undefined &&
    environment.SUPABASE_SECRET_KEY !== undefined;
  const { dataSource, endpoint } = input as {
    dataSource?: { type?: string };
    endpoint?: string;
  };
  const needed = operation === "extract_prompts"
    ? dataSource?.type === "supabase"
    : operation !== "execute_batch" || endpoint !== undefined;
  return needed || isSet ? readConnection(environment) : undefined;
}
