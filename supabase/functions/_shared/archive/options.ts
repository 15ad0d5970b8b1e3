import { RE2JS } from "re2js";
import * as z from "zod";
import { fewProblems } from "../few_problems.ts";
import { addPatternSize } from "../pattern_size.ts";

/** What `redact` can replace. */
export const REDACTIONS = [
  "email",
  "phone",
  "card",
  "iban",
  "ip",
  "key",
] as const;
export type Redaction = (typeof REDACTIONS)[number];

const pattern = z.string().min(1).max(2000);

const patterns = z.union([
  pattern.transform((one) => [one]),
  z.array(pattern).max(100),
]).superRefine((sources, context) => {
  let size = 0;
  for (const source of sources) {
    try {
      size = addPatternSize(size, source, (text) => RE2JS.compile(text));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      context.addIssue({
        code: "custom",
        message:
          `Cannot use the pattern ${source}: ${reason}; the syntax is that of RE2, without look-around and back-references`,
      });
      // Compiling may take a second as well.
      return;
    }
  }
}).optional();

const moment = z.union([
  z.iso.date(),
  z.iso.datetime({ offset: true, local: true }),
]).transform((text) => {
  const zoned = /T.*(Z|[+-]\d\d:?\d\d)$/.test(text) || !text.includes("T");
  return new Date(zoned ? text : `${text}Z`).toISOString();
}).optional();

const redact = z.union([
  z.boolean().transform((all) => all ? [...REDACTIONS] : []),
  z.array(fewProblems(z.enum(REDACTIONS))),
]).default([]);

/** The choices of extraction, by the same names in SQL, HTTP, the tool and the command line. */
export const extractOptionsSchema = z.strictObject({
  /** Stop after this many prompts of the source. */
  maxPrompts: z.int().positive().optional(),
  /** Which prompts of a conversation. */
  turns: z.enum(["first", "all", "last"]).default("all"),
  /** `conversation`: a prompt carries the system prompt and the turns before it. */
  context: z.enum(["none", "conversation"]).default("none"),
  /** `current`: only the branch that the archive shows. */
  branches: z.enum(["all", "current"]).default("all"),
  /** Regular expressions (RE2): a prompt must match one of `include` and none of `exclude`. */
  include: patterns,
  exclude: patterns,
  /** Characters (UTF-16 code units), both inclusive. */
  minLength: z.int().nonnegative().optional(),
  maxLength: z.int().positive().optional(),
  /** ISO 8601, UTC where no zone is given; `since` inclusive, `until` exclusive. A prompt without time passes neither. */
  since: moment,
  until: moment,
  /** The same prompt, by its key, counts once. */
  dedupe: z.boolean().default(false),
  /** The column or member, such as of a CSV file, whose value is the prompt's key in place of its text's. */
  key: z.string().min(1).max(200).optional(),
  /** Below 1 a fraction, from 1 on a number of prompts; chosen by a hash of `seed`, key and place in the conversation. */
  sample: z.number().positive().refine(
    (sample) => sample < 1 || Number.isInteger(sample),
    "Cannot take a sample of this size: give a fraction below 1 or a whole number of prompts",
  ).optional(),
  seed: z.union([z.string(), z.number().transform(String)]).default("0"),
  /** Personal data and keys to replace: true for all kinds. */
  redact,
  /** Each row of a table or list is a prompt without text: its columns are variables of a template. */
  variables: z.boolean().optional(),
});

export type ExtractOptions = z.output<typeof extractOptionsSchema>;
/** What a user writes: everything may be left out. */
export type ExtractOptionsInput = z.input<typeof extractOptionsSchema>;
