import * as z from "zod";
import { compileJsonPath } from "../model/json_path.ts";
import { toPassages } from "../passages.ts";
import type { EvaluationRow } from "./evaluation_row.ts";
import { metadataPath } from "./reference.ts";

/** Where the passages come from that a retriever found for a prompt. */
export const passagesSchema = z.union([
  z.strictObject({ from: z.literal("archive") }),
  z.strictObject({ from: z.literal("metadata"), path: metadataPath }),
  z.strictObject({
    value: z.array(z.string().regex(/\S/, "is blank").max(100_000))
      .min(1).max(100),
  }),
], {
  error: (issue) =>
    issue.code === "invalid_union"
      ? 'must be {"from":"archive"}, {"from":"metadata","path":"…"} or {"value":["…"]}'
      : undefined,
});
export type PassagesChoice = z.output<typeof passagesSchema>;

/** Prepares reading the passages of a row; none where no choice is made. */
export function compilePassages(
  choice: PassagesChoice | undefined,
): (row: EvaluationRow) => readonly string[] {
  if (choice === undefined) return () => [];
  if ("value" in choice) return () => choice.value;
  const find = choice.from === "archive"
    ? ({ passages }: EvaluationRow) => passages
    : findInMetadata(choice.path);
  return (row) => toPassages(find(row)) ?? [];
}

function findInMetadata(path: string) {
  const find = compileJsonPath(path);
  return ({ metadata }: EvaluationRow) => find(metadata);
}

/** Says in one sentence that a row has no passages, and what to do. */
export function describeMissingPassages(choice: PassagesChoice): string {
  return "from" in choice && choice.from === "metadata"
    ? `the row has no passages: nothing at ${choice.path} in its metadata`
    : 'the row has no passages: store them as its passages, or set passages to {"from":"metadata","path":"…"} or {"value":["…"]}';
}
