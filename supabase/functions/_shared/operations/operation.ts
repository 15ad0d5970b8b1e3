import * as z from "zod";
import { PipelineError } from "../errors.ts";
import type { Services } from "./services.ts";

/** One operation of the pipeline: what it takes, what it answers, how it is done. */
export interface Operation {
  /** One sentence. */
  summary: string;
  input: z.ZodType;
  /** Only described, never enforced. */
  output: z.ZodType;
  /** Most bytes of a request over HTTP. */
  maxBodyBytes: number;
  /** @throws {PipelineError} `invalid_request` listing every problem of the input */
  run(input: unknown, services: Services): Promise<unknown>;
  /** Whether an answer came before the work was over; over HTTP it has status 202. */
  isUnfinished?(output: unknown): boolean;
}

/** Puts the check of the input before the work. */
export function defineOperation<Schema extends z.ZodType, Output>(
  { run, ...description }:
    & Omit<Operation, "run" | "input" | "isUnfinished">
    & {
      input: Schema;
      run(input: z.output<Schema>, services: Services): Promise<Output>;
      isUnfinished?(output: Output): boolean;
    },
) {
  return {
    ...description,
    run: async (input: unknown, services: Services): Promise<Output> =>
      await run(parseInput(description.input, input), services),
  };
}

function parseInput<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new PipelineError(
    "invalid_request",
    `Cannot read the request: ${z.prettifyError(parsed.error)}`,
    {
      cause: parsed.error,
      errors: parsed.error.issues.map(({ path, message }) => ({
        code: "invalid_request",
        message: path.length > 0 ? `${path.join(".")}: ${message}` : message,
        context: { path },
      })),
    },
  );
}
