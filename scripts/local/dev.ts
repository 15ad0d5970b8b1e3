import { join, resolve } from "node:path";
import { serveBesideStack } from "../dashboard/beside_stack.ts";
import { supabaseFolder } from "./checkout.ts";
import { askedToEnd } from "./asked_to_end.ts";
import { type DevOptions, readDevOptions, usage } from "./dev_options.ts";
import { describeShells, describeStack } from "./describe_stack.ts";
import { readFolders } from "./folders.ts";
import { announceStack } from "./running_stack.ts";
import { offerSimulatedModel } from "./simulated_model.ts";
import { startStack } from "./stack.ts";
import { watchSources } from "./watch_sources.ts";

async function run(options: DevOptions): Promise<void> {
  const started = performance.now();
  const end = askedToEnd().then(() => "end" as const);
  const dataDir = resolve(options.dataDir ?? readFolders().data);
  const starting = startStack({
    port: options.port,
    dataDir,
    emptyDataDir: options.reset,
    asItIs: options.asItIs,
    databaseUrl: options.databaseUrl,
    log: (line) => console.error(line),
  });
  const stack = await Promise.race([starting, end]);
  // While a part is still starting nothing has to be saved.
  if (stack === "end") Deno.exit(130);
  const simulator = options.simulator
    ? await offerSimulatedModel(stack.sql)
    : undefined;
  const announced = await announceStack(stack);
  const dashboard = await serveBesideStack(stack);
  console.log(`
${describeStack(stack)}
${dashboard.line}
${simulator ? '\nThe endpoint "simulator" answers like a model.' : ""}
Started in ${((performance.now() - started) / 1_000).toFixed(1)} s. ${
    describeShells(announced.file)
  }
Functions start at their first call and anew when their code changes, new
migrations are applied at the next start. Ctrl-C stops it.`);
  const stopWatching = watchSources(join(supabaseFolder, "functions"), () => {
    console.log("Functions changed: the next call starts them anew");
    stack.kill("functions");
  });
  await end;
  console.log("Stopping");
  stopWatching();
  await announced.retract();
  await dashboard.stop();
  await simulator?.stop();
  await stack.stop();
}

try {
  const options = readDevOptions(Deno.args);
  if (options.help) console.log(usage);
  else await run(options);
  Deno.exit(0);
} catch (error) {
  console.error((error as Error).message);
  Deno.exit(1);
}
