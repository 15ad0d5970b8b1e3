import { type Command, EXIT, type Terminal, WrongUsage } from "../command.ts";
import { call, openProject } from "../project_access.ts";
import { readArguments } from "../read_arguments.ts";
import { runAction } from "../run_action.ts";

export const secret: Command = {
  summary: "Store a key in Vault",
  help: `Usage: deno task pipeline secret set NAME

Asks for the value without showing it, or reads it from standard input in a pipe. A secret of the
same name is replaced. Endpoints use it as {{secret:NAME}} in their headers.

Examples:
  deno task pipeline secret set OPENAI_API_KEY
  deno task pipeline secret set OPENAI_API_KEY < key.txt`,
  run: (args, terminal) => runAction({ set }, args, terminal),
};

async function set(args: string[], terminal: Terminal): Promise<number> {
  const { positionals: [name] } = readArguments(args, ["NAME"], {});
  const { client } = openProject(terminal);
  const value = await terminal.askHidden(`Value of ${name}:`) ??
    await terminal.readInput();
  if (value.trim() === "") throw new WrongUsage("The value is empty");
  await call(client, "store the secret", "pipeline_set_secret", {
    name,
    value: value.trim(),
  });
  terminal.print(`${name} is stored. Use it as {{secret:${name}}}`);
  return EXIT.done;
}
