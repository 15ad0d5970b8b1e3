import { PipelineError } from "../../supabase/functions/_shared/errors.ts";
import { VERSION } from "../../supabase/functions/_shared/version.ts";
import { type Command, EXIT, type Terminal, WrongUsage } from "./command.ts";
import { didYouMean } from "./did_you_mean.ts";
import { wrapLines } from "./wrap_lines.ts";

/** Each is loaded when it is used: a program that starts for one of them needs no other. */
const commands: Record<string, () => Promise<Command>> = {
  extract: async () => (await import("./extract.ts")).extract,
  upload: async () => (await import("./commands/upload.ts")).upload,
  execute: async () => (await import("./commands/execute.ts")).execute,
  store: async () => (await import("./commands/store.ts")).store,
  sources: async () => (await import("./commands/sources.ts")).sources,
  run: async () => (await import("./commands/run.ts")).run,
  sweep: async () => (await import("./commands/sweep.ts")).sweep,
  watch: async () => (await import("./commands/watch.ts")).watch,
  set: async () => (await import("./commands/set.ts")).set,
  follow: async () => (await import("./commands/follow.ts")).follow,
  list: async () => (await import("./commands/list.ts")).list,
  show: async () => (await import("./commands/show.ts")).show,
  view: async () => (await import("./commands/view.ts")).view,
  experiments: async () =>
    (await import("./commands/experiments.ts")).experiments,
  pause: async () => (await import("./commands/steer.ts")).pause,
  resume: async () => (await import("./commands/steer.ts")).resume,
  cancel: async () => (await import("./commands/steer.ts")).cancel,
  retry: async () => (await import("./commands/steer.ts")).retry,
  rename: async () => (await import("./commands/rename.ts")).rename,
  delete: async () => (await import("./commands/delete.ts")).deleteResults,
  evaluate: async () => (await import("./commands/evaluate.ts")).evaluate,
  compare: async () => (await import("./commands/compare.ts")).compare,
  labels: async () => (await import("./commands/labels.ts")).labels,
  gate: async () => (await import("./commands/gate.ts")).gate,
  approve: async () => (await import("./commands/approve.ts")).approve,
  rank: async () => (await import("./commands/rank.ts")).rank,
  export: async () =>
    (await import("./commands/export_results.ts")).exportResults,
  endpoint: async () => (await import("./commands/endpoint.ts")).endpoint,
  secret: async () => (await import("./commands/secret.ts")).secret,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
  add: async () => (await import("./commands/add.ts")).add,
  remove: async () => (await import("./commands/remove.ts")).remove,
};

async function help(): Promise<string> {
  const list = await Promise.all(
    Object.entries(commands).map(async ([name, load]) =>
      `  ${name.padEnd(13)}${(await load()).summary}`
    ),
  );
  return `Usage: deno task pipeline <command> [options]

Commands:
${list.join("\n")}

The options of a command, with examples: deno task pipeline <command> --help; the version: --version.
Commands that need a project take the one that SUPABASE_URL and SUPABASE_SECRET_KEY name; in a clone,
without them, its own stack that is running.

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
    terminal.print(wrapLines(await help(), terminal.columns));
    return name === undefined ? EXIT.wrongUsage : EXIT.done;
  }
  if (name === "--version") {
    terminal.print(VERSION);
    return EXIT.done;
  }
  if (!Object.hasOwn(commands, name)) {
    terminal.complain(
      `Cannot run "${name}": no such command${
        didYouMean(name, Object.keys(commands))
      }\n\nSee deno task pipeline --help`,
    );
    return EXIT.wrongUsage;
  }
  const command = await commands[name]();
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
