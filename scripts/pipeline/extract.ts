import { parseArgs } from "@std/cli/parse-args";
import { z } from "zod";
import type { ArchiveError } from "../../supabase/functions/_shared/archive/archive_error.ts";
import {
  type ExtractOptions,
  extractOptionsSchema,
  REDACTIONS,
} from "../../supabase/functions/_shared/archive/options.ts";
import type { Prompt } from "../../supabase/functions/_shared/prompt.ts";
import type { FileReport } from "../../supabase/functions/_shared/archive/read_archives.ts";
import type { Terminal } from "./command.ts";
import { upload } from "./commands/upload.ts";
import { extractFiles } from "./extract_files.ts";
import { findFiles } from "./find_files.ts";
import { createLineWriter } from "./line_writer.ts";

/** What `extract --help` prints. */
export const HELP = `Usage: deno task pipeline extract PATH… [options]

Reads conversation archives and prints one prompt per line as JSON. A PATH is a file or a folder,
which is searched with all folders in it. The format of a file is told by its content.

Options:
  --turns first|all|last          which prompts of a conversation (default all)
  --context none|conversation     conversation: a prompt carries the turns before it
  --branches all|current          current: only the branch that the archive shows
  --include RE, --exclude RE      regular expressions (RE2); may be given several times
  --minLength N, --maxLength N    length of the prompt in characters
  --since DATE, --until DATE      ISO 8601; since inclusive, until exclusive
  --dedupe                        the same prompt counts once
  --sample N                      below 1 a fraction, from 1 on a number of prompts
  --seed TEXT                     another seed gives another sample
  --redact [KINDS]                email,phone,card,iban,ip,key; without KINDS all of them
  --maxPrompts N                  stop after N prompts
  --report FILE                   what was read and what was not, as JSON; - is standard output
  --upload BUCKET[/PREFIX]        extract nothing here: send the files to Storage for a run to read,
                                  as deno task pipeline upload does
  --help

Names may also be written in lower case with hyphens, such as --min-length.

Exit code: 0 everything was read, 3 something was skipped (see --report), 2 wrong usage.

Examples:
  deno task pipeline extract ~/Downloads/chatgpt-export.zip > prompts.jsonl
  deno task pipeline extract archives --sample 500 --seed a --report report.json
  deno task pipeline extract archives --redact email,phone --since 2025-01-01 --turns first
  deno task pipeline extract archives --upload conversation-archives/2026`;

const DONE = 0;
const WRONG_USAGE = 2;
const SOMETHING_SKIPPED = 3;

const NUMBERS = ["minLength", "maxLength", "maxPrompts", "sample"];
const TEXTS = ["turns", "context", "branches", "since", "until", "seed"];
const LISTS = ["include", "exclude"];

interface Arguments {
  paths: string[];
  report: string | undefined;
  /** Where to send the files instead of reading them. */
  target: string | undefined;
  options: ExtractOptions;
}

/** The command `extract`: prompts to standard output, progress and errors to standard error. */
export async function extract(
  args: string[],
  terminal: Terminal,
): Promise<number> {
  let parsed: Arguments | "help";
  try {
    parsed = readArguments(args);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n\nSee deno task pipeline extract --help`);
    return WRONG_USAGE;
  }
  if (parsed === "help") {
    console.log(HELP);
    return DONE;
  }
  const { paths, report, target, options } = parsed;
  const missing = await missingPath(paths);
  if (missing !== undefined) {
    console.error(`Cannot read ${missing}: no such file or folder`);
    return WRONG_USAGE;
  }
  if (target !== undefined) {
    return await upload.run([...paths, target], terminal);
  }
  const output = createLineWriter(Deno.stdout);
  const progress = createProgress();
  const reports: FileReport[] = [];
  const errors: (ArchiveError & { path: string })[] = [];
  const events = extractFiles(findFiles(paths), options);
  for await (const event of events) {
    if (event.type === "prompt") await output.write(lineOf(event.prompt));
    else {
      reports.push(event.report);
      const { path } = event.report;
      for (const error of event.report.errors) errors.push({ path, ...error });
      progress.show(event.report);
    }
  }
  await output.flush();
  progress.end(reports);
  if (report !== undefined) await writeReport(report, reports, errors);
  return reports.some(({ errors }) => errors.length > 0)
    ? SOMETHING_SKIPPED
    : DONE;
}

function lineOf(prompt: Prompt): string {
  return JSON.stringify(prompt);
}

function readArguments(args: string[]): Arguments | "help" {
  const given = parseArgs(spellOut(args), {
    boolean: ["help", "dedupe"],
    string: [...NUMBERS, ...TEXTS, ...LISTS, "redact", "report", "upload"],
    collect: LISTS,
    alias: { help: "h" },
    unknown: (name: string, key?: string) => {
      if (key !== undefined) {
        throw new TypeError(`Cannot use ${name}: no such option`);
      }
      return true;
    },
  });
  if (given.help) return "help";
  const paths = given._.map(String);
  if (paths.length === 0) throw new TypeError("Cannot extract: give a PATH");
  const input: Record<string, unknown> = {};
  for (const name of TEXTS) {
    if (given[name] !== undefined) input[name] = given[name];
  }
  for (const name of NUMBERS) {
    if (given[name] !== undefined) input[name] = toNumber(given[name]);
  }
  for (const name of LISTS) {
    if (given[name]?.length > 0) input[name] = given[name];
  }
  if (given.dedupe) input.dedupe = true;
  if (given.redact !== undefined) {
    input.redact = given.redact === "" ? true : given.redact.split(",");
  }
  const options = extractOptionsSchema.safeParse(input);
  if (!options.success) {
    throw new TypeError(`Cannot extract:\n${z.prettifyError(options.error)}`);
  }
  return {
    paths,
    report: given.report,
    target: given.upload,
    options: options.data,
  };
}

function toNumber(text: string): number | string {
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? text : number;
}

/** Writes the values that parseArgs does not see: `--report -`, and `--redact` before a path. */
function spellOut(args: string[]): string[] {
  const spelled: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = toCamelCase(args[at]);
    const next = args[at + 1];
    if (arg === "--report" && next === "-") {
      spelled.push("--report=-");
      at++;
    } else if (arg === "--redact" && !isKinds(next)) spelled.push("--redact=");
    else spelled.push(arg);
  }
  return spelled;
}

function isKinds(text: string | undefined): boolean {
  const kinds: readonly string[] = REDACTIONS;
  return text !== undefined &&
    text.split(",").every((kind) => kinds.includes(kind));
}

/** `--min-length` is `--minLength`; values and paths stay as they are. */
function toCamelCase(arg: string): string {
  const name = /^--[a-z]+(-[a-z]+)+(?==|$)/.exec(arg)?.[0];
  if (name === undefined) return arg;
  const camel = name.slice(2).replace(
    /-([a-z])/g,
    (_, letter) => letter.toUpperCase(),
  );
  return `--${camel}${arg.slice(name.length)}`;
}

async function missingPath(paths: string[]): Promise<string | undefined> {
  for (const path of paths) {
    const info = await Deno.stat(path).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    });
    if (info === undefined) return path;
  }
  return undefined;
}

async function writeReport(
  file: string,
  files: FileReport[],
  errors: ArchiveError[],
): Promise<void> {
  const sum = (name: "conversations" | "prompts" | "skipped") =>
    files.reduce((total, report) => total + report[name], 0);
  const total = {
    files: files.length,
    conversations: sum("conversations"),
    prompts: sum("prompts"),
    skipped: sum("skipped"),
  };
  const text = `${JSON.stringify({ files, total, errors }, null, 2)}\n`;
  if (file === "-") console.log(text.trimEnd());
  else await Deno.writeTextFile(file, text);
}

function createProgress() {
  const shown = Deno.stderr.isTerminal();
  const started = performance.now();
  return {
    show(report: FileReport): void {
      for (const { message } of report.errors.slice(0, 5)) {
        console.error(message);
      }
      if (report.errors.length > 5) {
        console.error(
          `${report.path}: ${report.errors.length - 5} more, see --report`,
        );
      }
      if (!shown) return;
      console.error(
        `${report.path}: ${report.prompts} prompts of ${report.conversations} conversations (${
          report.format ?? "unknown format"
        })`,
      );
    },
    end(reports: FileReport[]): void {
      if (!shown) return;
      const prompts = reports.reduce((sum, report) => sum + report.prompts, 0);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.error(
        `${prompts} prompts of ${reports.length} files in ${seconds} s`,
      );
    },
  };
}
