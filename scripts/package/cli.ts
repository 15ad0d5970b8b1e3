import process from "node:process";
import { EXIT } from "../pipeline/command.ts";
import { runProgram } from "../pipeline/run_program.ts";
import { useReadyMade } from "../ready_made.ts";

/** Tasks of the clone that look like commands of this package. */
const ONLY_IN_A_CLONE = ["dev", "demo", "deploy", "test", "bench", "chaos"];

const [, , name] = process.argv;
if (ONLY_IN_A_CLONE.includes(name)) {
  console.error(
    `Cannot run "${name}": it is not in the npm package, but in a clone of prompt-pipeline, as \`deno task ${name}\`. The commands of the package work with any project that SUPABASE_URL and SUPABASE_SECRET_KEY name`,
  );
  process.exit(EXIT.wrongUsage);
}
useReadyMade(new URL("./ready/", import.meta.url));
await runProgram(process.env);
