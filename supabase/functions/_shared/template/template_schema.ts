import * as z from "zod";

const message = z.string().min(1).max(100_000);

/** The messages that a run sends, with `{{prompt}}`, `{{reference}}` and `{{any.variable}}` of the metadata. */
export const templateSchema = z.strictObject({
  system: message.optional().describe(
    "The system message, such as: Answer in {{language}}",
  ),
  user: message.optional().describe(
    "The user's message, such as: {{prompt}} Be brief. Default: the prompt",
  ),
}).refine(
  ({ system, user }) => system !== undefined || user !== undefined,
  "has neither a system nor a user message",
);

export type Template = z.output<typeof templateSchema>;
