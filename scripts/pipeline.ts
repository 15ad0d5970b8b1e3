import { extract } from "./pipeline/extract.ts";

/** A subcommand: gets the arguments behind its name and gives the exit code. */
type Command = (args: string[]) => Promise<number>;

const commands: Record<string, { summary: string; run: Command }> = {
  extract: {
    summary: "Read archives on this machine and print their prompts",
    run: extract,
  },
};

const WRONG_USAGE = 2;

function help(): string {
  const list = Object.entries(commands)
    .map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`);
  return `Usage: deno task pipeline <command> [options]

Commands:
${list.join("\n")}

deno task pipeline <command> --help tells the options of a command, with examples.`;
}

async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined || name === "--help" || name === "-h") {
    console.log(help());
    return name === undefined ? WRONG_USAGE : 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    console.error(`Cannot run "${name}": no such command\n\n${help()}`);
    return WRONG_USAGE;
  }
  return await command.run(args);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
