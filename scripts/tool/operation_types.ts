import type * as z from "zod";
import type {
  OperationName,
  OPERATIONS,
} from "../../supabase/functions/_shared/operations/operations.ts";

/** What an operation takes, with its name in `operation`. */
export type ToolInput<Name extends OperationName> =
  & { operation: Name }
  & z.input<typeof OPERATIONS[Name]["input"]>;

/** What an operation answers. */
export type ToolOutput<Name extends OperationName> = Awaited<
  ReturnType<typeof OPERATIONS[Name]["run"]>
>;
