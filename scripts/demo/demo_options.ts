import { parseArgs } from "node:util";
import { readPort } from "../local/read_port.ts";
import { type ModelChoice, readModelChoice } from "./model_choice.ts";

/** What `deno task demo` was asked for. */
export interface DemoOptions {
  help: boolean;
  /** Leave everything running at the end, until Ctrl-C. */
  keep: boolean;
  port?: number;
  /** Keeps the data; undefined: it is forgotten at the end. */
  dataDir?: string;
  /** Stop after this many prompts; undefined: all of the sample archives. */
  maxPrompts?: number;
  model: ModelChoice;
}

/** What `deno task demo --help` prints. */
export const usage =
  `Start the embedded Supabase, run the pipeline on sample archives, show the result.

Usage: deno task demo [options]

  --keep           Leave everything running at the end, with its addresses.
  --port N         Port of the API, PostgreSQL and Studio take the ports after it;
                   with --keep 54321 by default, or the next free one.
  --data DIR       Keep databases and objects in a folder.
  --max-prompts N  Stop after N prompts.
  --help           Show this.

Environment, to ask a real model instead of the local simulator:

  MODEL_ENDPOINT   URL of the API, such as https://api.openai.com/v1
  MODEL            Name of the model
  OTHER_MODEL      Another model there, to be compared with it; may be left out
  MODEL_API_KEY    Key of the API, if it needs one; it goes into Vault.`;

/**
 * Reads the arguments and the environment of `deno task demo`.
 *
 * @throws Error that names the argument or variable that makes no sense
 */
export function readDemoOptions(
  args: string[],
  env: Record<string, string | undefined>,
): DemoOptions {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      port: { type: "string" },
      data: { type: "string" },
      "max-prompts": { type: "string" },
    },
  });
  const text = values["max-prompts"];
  const maxPrompts = text === undefined ? undefined : Number(text);
  if (maxPrompts !== undefined && !(/^\d+$/.test(text!) && maxPrompts > 0)) {
    throw new Error(
      `Cannot use --max-prompts ${text}: give a whole number above 0`,
    );
  }
  const { help, keep, data: dataDir } = values;
  const port = readPort(values.port);
  return { help, keep, port, dataDir, maxPrompts, model: readModelChoice(env) };
}
