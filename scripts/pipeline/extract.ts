import { writeFile } from "node:fs/promises";
import process from "node:process";
import * as z from "zod";
import {
  extractOptionsSchema,
  REDACTIONS,
} from "../../supabase/functions/_shared/archive/options.ts";
import type { FileReport } from "../../supabase/functions/_shared/archive/read_archives.ts";
import { type Command, EXIT, type Terminal, WrongUsage } from "./command.ts";
import { upload } from "./commands/upload.ts";
import { extractFiles } from "./extract_files.ts";
import { expectPath, findFiles } from "./find_files.ts";
import { createLineWriter } from "./line_writer.ts";
import { createLocalServices } from "../project/services.ts";
import { openProject } from "./project_access.ts";
import { readArguments, switches, texts, toNumber } from "./read_arguments.ts";
import { showDryRun } from "./show_dry_run.ts";
import { toVisibleJson } from "./visible_text.ts";

const HELP = `Usage: deno task pipeline extract PATH… [options]

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
  --variables                     each row of a table or list is variables for a template
  --maxPrompts N                  stop after N prompts
  --report FILE                   what was read and what was not, as JSON; - is standard output
  --dry-run                       no prompts: how many there are, what is skipped and redacted
  --endpoint NAME                 with --dry-run: what they may cost there
  --upload BUCKET[/PREFIX]        extract nothing here: send the files to Storage for a run to read,
                                  as deno task pipeline upload does

Names may also be written in lower case with hyphens, such as --min-length.

What a file has that is neither a prompt nor left out on purpose is counted by its kind (see leftOut in
the report): it is no error.

Exit code: 0 everything was read, 3 something was skipped (see --report), 2 wrong usage.

Examples:
  deno task pipeline extract ~/Downloads/chatgpt-export.zip > prompts.jsonl
  deno task pipeline extract archives --sample 500 --seed a --report report.json
  deno task pipeline extract archives --redact email,phone --since 2025-01-01 --turns first
  deno task pipeline extract archives --dry-run --redact --endpoint openai
  deno task pipeline extract archives --upload conversation-archives/2026`;

/** Prompts to standard output, progress and errors to standard error. */
export const extract: Command = {
  summary: "Read archives on this machine and print their prompts",
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = readArguments(spellOut(args), ["PATH…"], {
      ...texts("turns", "context", "branches", "minLength", "maxLength"),
      ...texts("since", "until", "sample", "seed", "redact", "maxPrompts"),
      ...texts("report", "upload", "endpoint"),
      ...switches("dedupe", "variables", "dryRun"),
      include: { type: "string", multiple: true },
      exclude: { type: "string", multiple: true },
    });
    const { report, upload: target, redact, dryRun, endpoint, ...choices } =
      values;
    const options = extractOptionsSchema.safeParse({
      ...choices,
      minLength: toNumber("minLength", choices.minLength),
      maxLength: toNumber("maxLength", choices.maxLength),
      sample: toNumber("sample", choices.sample),
      maxPrompts: toNumber("maxPrompts", choices.maxPrompts),
      redact: redact === "" || redact?.split(","),
    });
    if (!options.success) {
      throw new WrongUsage(
        `Cannot extract:\n${z.prettifyError(options.error)}`,
      );
    }
    for (const path of positionals) await expectPath(path);
    if (target !== undefined) {
      return await upload.run([...positionals, target], terminal);
    }
    if (dryRun) {
      const events = extractFiles(findFiles(positionals), options.data);
      return await showDryRun(
        { ...options.data, directory: positionals.join(", "), endpoint },
        {
          // Prices are the project's; without them no project is needed.
          ...endpoint === undefined
            ? createLocalServices(undefined, {
              fetch: terminal.fetch,
              allowPrivateHosts: false,
            })
            : openProject(terminal).services,
          readDirectory: () => events,
        },
        terminal,
      );
    }
    if (endpoint !== undefined) {
      throw new WrongUsage("Cannot use --endpoint without --dry-run");
    }
    const output = createLineWriter(process.stdout);
    const progress = createProgress(terminal);
    const reports: FileReport[] = [];
    const events = extractFiles(findFiles(positionals), options.data);
    for await (const event of events) {
      if (event.type === "prompt") {
        await output.write(toVisibleJson(event.prompt));
      } else {
        reports.push(event.report);
        progress.show(event.report);
      }
    }
    await output.flush();
    progress.end(reports);
    if (report !== undefined) await writeReport(report, reports, terminal);
    return reports.some(({ errors }) => errors.length > 0)
      ? EXIT.somethingFailed
      : EXIT.done;
  },
};

/** Writes names in one way, and the value that parseArgs does not see: of `--redact` before a path. */
function spellOut(args: string[]): string[] {
  return args.map(toCamelCase).map((arg, index, all) =>
    arg === "--redact" && !isKinds(all[index + 1]) ? "--redact=" : arg
  );
}

function isKinds(text: string | undefined): boolean {
  const kinds: readonly string[] = REDACTIONS;
  return text !== undefined &&
    text.split(",").every((kind) => kinds.includes(kind));
}

/** `--min-length` is `--minLength`; values and paths stay as they are. */
function toCamelCase(arg: string): string {
  return arg.replace(
    /^--[a-z]+(-[a-z]+)+(?==|$)/,
    (name) =>
      name.replace(/(?<=[a-z])-[a-z]/g, ([, letter]) => letter.toUpperCase()),
  );
}

async function writeReport(
  file: string,
  files: FileReport[],
  terminal: Terminal,
): Promise<void> {
  const errors = files.flatMap(({ path, errors }) =>
    errors.map((error) => ({ path, ...error }))
  );
  const sum = (name: "conversations" | "prompts" | "skipped") =>
    files.reduce((total, report) => total + report[name], 0);
  const leftOut = files.flatMap(({ path, leftOut }) =>
    leftOut.map((one) => ({ path, ...one }))
  );
  const total = {
    files: files.length,
    conversations: sum("conversations"),
    prompts: sum("prompts"),
    skipped: sum("skipped"),
  };
  const text = `${toVisibleJson({ files, total, errors, leftOut }, 2)}\n`;
  if (file === "-") terminal.print(text.trimEnd());
  else await writeFile(file, text);
}

function createProgress({ isLive, complain }: Terminal) {
  const started = performance.now();
  return {
    show(report: FileReport): void {
      const losses = [...report.errors, ...report.leftOut];
      for (const { message } of losses.slice(0, 5)) complain(message);
      if (losses.length > 5) {
        complain(`${report.path}: ${losses.length - 5} more, see --report`);
      }
      if (!isLive) return;
      complain(
        `${report.path}: ${report.prompts} prompts of ${report.conversations} conversations (${
          report.format ?? "unknown format"
        })`,
      );
    },
    end(reports: FileReport[]): void {
      if (!isLive) return;
      const prompts = reports.reduce((sum, report) => sum + report.prompts, 0);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      complain(
        `${prompts} prompts of ${reports.length} files in ${seconds} s`,
      );
    },
  };
}
