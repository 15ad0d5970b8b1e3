import { PipelineError } from "../supabase/functions/_shared/errors.ts";
import {
  type Command,
  EXIT,
  type Terminal,
  WrongUsage,
} from "./pipeline/command.ts";
import { approve } from "./pipeline/commands/approve.ts";
import { compare } from "./pipeline/commands/compare.ts";
import { deleteResults } from "./pipeline/commands/delete.ts";
import { doctor } from "./pipeline/commands/doctor.ts";
import { endpoint } from "./pipeline/commands/endpoint.ts";
import { evaluate } from "./pipeline/commands/evaluate.ts";
import { execute } from "./pipeline/commands/execute.ts";
import { experiments } from "./pipeline/commands/experiments.ts";
import { exportResults } from "./pipeline/commands/export_results.ts";
import { follow } from "./pipeline/commands/follow.ts";
import { gate } from "./pipeline/commands/gate.ts";
import { list } from "./pipeline/commands/list.ts";
import { rank } from "./pipeline/commands/rank.ts";
import { rename } from "./pipeline/commands/rename.ts";
import { run } from "./pipeline/commands/run.ts";
import { set } from "./pipeline/commands/set.ts";
import { secret } from "./pipeline/commands/secret.ts";
import { show } from "./pipeline/commands/show.ts";
import { cancel, pause, resume, retry } from "./pipeline/commands/steer.ts";
import { sources } from "./pipeline/commands/sources.ts";
import { store } from "./pipeline/commands/store.ts";
import { sweep } from "./pipeline/commands/sweep.ts";
import { upload } from "./pipeline/commands/upload.ts";
import { didYouMean } from "./pipeline/did_you_mean.ts";
import { view } from "./pipeline/commands/view.ts";
import { extract } from "./pipeline/extract.ts";
import { openTerminal } from "./pipeline/terminal.ts";
import { wrapLines } from "./pipeline/wrap_lines.ts";

const commands: Record<string, Command> = {
  extract,
  upload,
  execute,
  store,
  sources,
  run,
  sweep,
  set,
  follow,
  list,
  show,
  view,
  experiments,
  pause,
  resume,
  cancel,
  retry,
  rename,
  delete: deleteResults,
  evaluate,
  compare,
  gate,
  approve,
  rank,
  export: exportResults,
  endpoint,
  secret,
  doctor,
};

function help(): string {
  const list = Object.entries(commands)
    .map(([name, { summary }]) => `  ${name.padEnd(13)}${summary}`);
  return `Usage: deno task pipeline <command> [options]

Commands:
${list.join("\n")}

The options of a command, with examples: deno task pipeline <command> --help.
Commands that need a project find the stack of this clone that is running; another project is named
by SUPABASE_URL and SUPABASE_SECRET_KEY.

Exit codes: 0 done, 1 nothing could be done, 2 wrong usage, 3 done but something failed,
4 the run did not complete, 130 interrupted. Those of gate are its own: 0 pass, 1 regression or worse,
3 undecided, 2 everything else.`;
}

/**
 * Runs a command.
 *
 * @returns the exit code
 */
export async function main(
  [name, ...args]: string[],
  terminal: Terminal,
): Promise<number> {
  if (name === undefined || name === "--help" || name === "-h") {
    terminal.print(wrapLines(help(), terminal.columns));
    return name === undefined ? EXIT.wrongUsage : EXIT.done;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    terminal.complain(
      `Cannot run "${name}": no such command${
        didYouMean(name, Object.keys(commands))
      }\n\nSee deno task pipeline --help`,
    );
    return EXIT.wrongUsage;
  }
  if (args.includes("--help") || args.includes("-h")) {
    terminal.print(wrapLines(command.help, terminal.columns));
    return EXIT.done;
  }
  try {
    return await command.run(args, terminal);
  } catch (error) {
    if (error instanceof WrongUsage) {
      terminal.complain(
        `${error.message}\n\nSee deno task pipeline ${name} --help`,
      );
      return EXIT.wrongUsage;
    }
    // A variable of the environment is missing.
    if (
      error instanceof TypeError && error.message.startsWith("Cannot reach")
    ) {
      terminal.complain(error.message);
      return EXIT.wrongUsage;
    }
    terminal.complain(
      error instanceof PipelineError
        ? error.message
        : (error as Error)?.stack ?? String(error),
    );
    return command.errorCode ?? EXIT.failed;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args, openTerminal()));
