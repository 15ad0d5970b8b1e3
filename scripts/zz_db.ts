import { startStack } from "./local/stack.ts";
const stack = await startStack({ port: 0, functions: [], wakes: "off" });
await Deno.writeTextFile(Deno.args[0], stack.databaseUrl);
await new Promise((r) => setTimeout(r, 3_000_000));
