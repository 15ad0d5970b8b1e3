import process from "node:process";
import { readRunningStack } from "./local/running_stack.ts";
import { runProgram } from "./pipeline/run_program.ts";

const { env } = process;
const isNamed = env.SUPABASE_URL || env.SUPABASE_SECRET_KEY;
// Where no project is named, the stack of this clone that is running is meant.
await runProgram(isNamed ? env : { ...readRunningStack(), ...env });
