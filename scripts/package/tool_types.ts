import { readFile } from "node:fs/promises";
import { toJsonSchema } from "../../supabase/functions/_shared/operations/openapi.ts";
import {
  OPERATION_NAMES,
  OPERATIONS,
} from "../../supabase/functions/_shared/operations/operations.ts";
import { toTypeScript } from "./to_typescript.ts";

/**
 * The types of the tool as one file that needs no other package: those of zod and supabase-js would
 * bring both into every program that uses the tool.
 */
export async function writeToolTypes(): Promise<string> {
  const types = await readFile(
    new URL("../tool/tool_types.ts", import.meta.url),
    "utf8",
  );
  return `${types.replace(/^(import|export) type \{[^;]*;\n/gm, "").trim()}

/** What each operation takes. */
export interface OperationInputs { ${toMembers("input")} }

/** What each operation answers. */
export interface OperationOutputs { ${toMembers("output")} }

export type OperationName = keyof OperationInputs;

/** What an operation takes, with its name in \`operation\`. */
export type ToolInput<Name extends OperationName> =
  & { operation: Name }
  & OperationInputs[Name];

/** What an operation answers. */
export type ToolOutput<Name extends OperationName> = OperationOutputs[Name];

/** Makes a tool that works as the options say. */
export declare function createPromptPipelineTool(
  options?: ToolOptions,
): PromptPipelineTool;

/** Works in this process, on the project that SUPABASE_URL and SUPABASE_SECRET_KEY name, if any. */
export declare const promptPipelineTool: PromptPipelineTool;

/** For code written against the first version: the texts of the prompts of a directory. */
export declare const promptExtractorTool: PromptExtractorTool;
`;
}

function toMembers(kind: "input" | "output"): string {
  return OPERATION_NAMES.map((name) =>
    `/** ${OPERATIONS[name].summary}. */
${name}: ${toTypeScript(toJsonSchema(OPERATIONS[name][kind]))};`
  ).join("\n");
}
