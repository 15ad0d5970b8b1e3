import { conversationFormat } from "./format.ts";
import { rowOfVariables } from "./dataset_row.ts";

/**
 * A row of variables for a template, whatever its columns. Not among `formats`: any object would be
 * one, so that files are read this way only when the option `variables` says so.
 */
export const variables = conversationFormat({
  name: "variables",
  matches: () => true,
  read: (record) => [rowOfVariables(record)],
});
