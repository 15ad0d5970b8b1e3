import { toJsonSchema } from "../../supabase/functions/_shared/operations/openapi.ts";
import {
  OPERATION_NAMES,
  OPERATIONS,
} from "../../supabase/functions/_shared/operations/operations.ts";
import { toTypeScript } from "./to_typescript.ts";

/**
 * What operations take and answer, as types that need no other package: those of zod and supabase-js
 * would bring both into every program that uses the tool.
 */
export function writeOperationTypes(): string {
  const members = (kind: "input" | "output") =>
    OPERATION_NAMES.map((name) =>
      `/** ${OPERATIONS[name].summary}. */ ${name}: ${
        toTypeScript(toJsonSchema(OPERATIONS[name][kind]))
      };`
    ).join("\n");
  return `/** What each operation takes. */
export interface OperationInputs { ${members("input")} }
/** What each operation answers. */
export interface OperationOutputs { ${members("output")} }
export type OperationName = keyof OperationInputs;
/** What an operation takes, with its name in \`operation\`. */
export type ToolInput<Name extends OperationName> =
  & { operation: Name }
  & OperationInputs[Name];
/** What an operation answers. */
export type ToolOutput<Name extends OperationName> = OperationOutputs[Name];
`;
}
