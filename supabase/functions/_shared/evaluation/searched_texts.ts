import * as z from "zod";

const text = z.string().min(1).max(10_000);

/** How a configuration says what to look for: one text or several. */
export const textFields = {
  text: text.optional().describe("What to look for"),
  texts: z.array(text).min(1).max(1000).optional()
    .describe("Several texts to look for, instead of text"),
};

interface SearchedTexts {
  text?: string;
  texts?: string[];
}

/** The texts to look for; none when the configuration names none. */
export function toTexts({ text, texts }: SearchedTexts): string[] {
  return texts ?? (text === undefined ? [] : [text]);
}

/** Refuses a configuration with both spellings, of which one would be ignored. */
export function refuseTwoSpellings(
  { text, texts }: SearchedTexts,
  context: z.core.$RefinementCtx,
): void {
  if (text === undefined || texts === undefined) return;
  context.addIssue({
    code: "custom",
    path: ["text"],
    message: "cannot stand beside texts: write one of them",
  });
}

/** Refuses a configuration that does not say what to look for. */
export function requireTexts(
  config: SearchedTexts & { type: string },
  context: z.core.$RefinementCtx,
): void {
  if (toTexts(config).length > 0) return;
  context.addIssue({
    code: "custom",
    path: ["text"],
    message: `${config.type} needs text or texts`,
  });
}
