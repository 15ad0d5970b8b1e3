import * as z from "zod";
import { compileJsonPath } from "../model/json_path.ts";
import type { EvaluationRow } from "./evaluation_row.ts";
import { withoutThoughts } from "./text/thoughts.ts";

/** A path into the metadata. */
export const metadataPath = z.string().min(1).superRefine((text, context) => {
  try {
    compileJsonPath(text);
  } catch (error) {
    context.addIssue({ code: "custom", message: (error as Error).message });
  }
});

/** Where the text comes from that a response is compared with. */
export const referenceSchema = z.union([
  z.strictObject({ from: z.literal("archive") }),
  z.strictObject({ from: z.literal("metadata"), path: metadataPath }),
  z.strictObject({ value: z.string().regex(/\S/, "is blank") }),
], {
  error: (issue) =>
    issue.code === "invalid_union"
      ? 'must be {"from":"archive"}, {"from":"metadata","path":"…"} or {"value":"…"}'
      : undefined,
});
export type ReferenceChoice = z.output<typeof referenceSchema>;

/** A reference as a text, and as the JSON value that it was; both null when there is none. */
export interface Reference {
  text: string | null;
  value: unknown;
}

/** Reads the reference of a row. */
export type ReadReference = (row: EvaluationRow) => Reference;

/**
 * Prepares reading the reference. A value in metadata that is not text is taken as its JSON; a blank
 * reference counts as none, because any response would resemble it or none.
 */
export function compileReference(choice: ReferenceChoice): ReadReference {
  if ("value" in choice) return () => toReference(choice.value);
  if (choice.from === "archive") {
    return ({ reference }) =>
      toReference(reference && withoutThoughts(reference));
  }
  const find = compileJsonPath(choice.path);
  return ({ metadata }) => toReference(find(metadata));
}

/** Says in one sentence that a row has no reference, and what to do. */
export function describeMissingReference(choice: ReferenceChoice): string {
  return "from" in choice && choice.from === "metadata"
    ? `the row has no reference: nothing at ${choice.path} in its metadata`
    : 'the row has no reference in the archive: set reference to {"from":"metadata","path":"…"} or {"value":"…"}';
}

function toReference(value: unknown): Reference {
  if (value === undefined || value === null) return NONE;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /\S/.test(text) ? { text, value } : NONE;
}

const NONE: Reference = { text: null, value: null };
