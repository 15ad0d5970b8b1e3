import process from "node:process";
import { readRunningStack } from "./local/running_stack.ts";
import { main } from "./pipeline/main.ts";
import { openTerminal } from "./pipeline/terminal.ts";

const { env } = process;
const isNamed = env.SUPABASE_URL || env.SUPABASE_SECRET_KEY;
// Where no project is named, the stack of this clone that is running is meant.
const environment = isNamed ? env : { ...readRunningStack(), ...env };
process.exit(await main(process.argv.slice(2), openTerminal(environment)));
