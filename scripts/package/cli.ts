import process from "node:process";
import { EXIT } from "../pipeline/command.ts";
import { main } from "../pipeline/main.ts";
import { openTerminal } from "../pipeline/terminal.ts";
import { useReadyMade } from "../ready_made.ts";

/** Tasks of the clone that look like commands of this package. */
const ONLY_IN_A_CLONE = ["dev", "demo", "deploy", "test", "bench", "chaos"];

useReadyMade(new URL("./ready/", import.meta.url));
const args = process.argv.slice(2);
const terminal = openTerminal(process.env);
if (ONLY_IN_A_CLONE.includes(args[0])) {
  terminal.complain(
    `Cannot run "${
      args[0]
    }": it is not in the npm package, but in a clone of prompt-pipeline, as \`deno task ${
      args[0]
    }\`. The commands of the package work with any project that SUPABASE_URL and SUPABASE_SECRET_KEY name`,
  );
  process.exit(EXIT.wrongUsage);
}
process.exit(await main(args, terminal));
