import { type Command, EXIT, WrongUsage } from "../command.ts";
import { dataOf, openProject } from "../project_access.ts";
import { readArguments } from "../read_arguments.ts";

export const secret: Command = {
  summary: "Store a key in Vault",
  help: `Usage: deno task pipeline secret set NAME

Asks for the value without showing it, or reads it from standard input in a pipe. A secret of the
same name is replaced. Endpoints use it as {{secret:NAME}} in their headers.

Examples:
  deno task pipeline secret set OPENAI_API_KEY
  deno task pipeline secret set OPENAI_API_KEY < key.txt`,
  async run([action, ...args], terminal) {
    if (action !== "set") throw new WrongUsage("Give set NAME");
    const { positionals: [name] } = readArguments(args, ["NAME"], {});
    const { client } = openProject(terminal);
    const value = await terminal.askHidden(`Value of ${name}:`) ??
      await terminal.readInput();
    if (value.trim() === "") throw new WrongUsage("The value is empty");
    dataOf(
      "store the secret",
      await client.rpc("pipeline_set_secret", { name, value: value.trim() }),
    );
    terminal.print(`${name} is stored. Use it as {{secret:${name}}}`);
    return EXIT.done;
  },
};
