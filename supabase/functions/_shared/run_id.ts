import * as z from "zod";

/**
 * The id of a run: a number, or its digits as text where a JavaScript number cannot hold it. Postgres
 * takes both.
 */
export const runIdSchema = z.union([
  z.int().positive(),
  z.string().regex(
    /^[1-9]\d{0,18}$/,
    "Cannot read the id: it has other characters than digits",
  ),
]).transform(toRunId);

export type RunId = number | string;

/** A number wherever it can be one, so that the same run has the same id however it was written. */
function toRunId(id: RunId): RunId {
  return Number.isSafeInteger(Number(id)) ? Number(id) : id;
}
