import type { OperationName } from "../../supabase/functions/_shared/operations/operations.ts";
import type { ToolInput, ToolOutput } from "./operation_types.ts";

export type { OperationName, ToolInput, ToolOutput };

/** Where a project is, and a key or a user's token for it. */
export interface RemoteProject {
  url: string;
  /** A secret key, or a publishable key together with `userToken`. */
  key: string;
  userToken?: string;
}

/** How a tool works. */
export interface ToolOptions {
  /** Run the operations in the Edge Functions of this project; absent: in this process. */
  remote?: RemoteProject;
  /** Environment variables; default: those of the process. */
  environment?: Record<string, string | undefined>;
  /** Let model calls reach http and private addresses; default: PIPELINE_ALLOW_PRIVATE_HOSTS. */
  allowPrivateHosts?: boolean;
  fetch?: typeof globalThis.fetch;
}

/** The tool in the form that agent frameworks take. */
export interface PromptPipelineTool {
  name: "prompt_pipeline";
  description: string;
  /** JSON Schema. */
  inputSchema: Record<string, unknown>;
  /**
   * Runs one operation.
   *
   * @throws {PipelineError} the input is wrong, or nothing of the operation could be done
   * @throws {TypeError} a variable of the environment is missing; all are named
   */
  execute<Name extends OperationName>(
    input: ToolInput<Name>,
  ): Promise<ToolOutput<Name>>;
}

/** The tool of the first version. */
export interface PromptExtractorTool {
  name: "prompt_extractor";
  description: string;
  execute(
    input: { directory: string; maxPrompts?: number },
  ): Promise<{ prompts: string[]; total: number; errors: string[] }>;
}
