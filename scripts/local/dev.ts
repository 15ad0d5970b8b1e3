import { join, resolve } from "node:path";
import { serveBesideStack } from "../dashboard/beside_stack.ts";
import { supabaseFolder } from "./checkout.ts";
import { askedToEnd } from "./asked_to_end.ts";
import { type DevOptions, readDevOptions, usage } from "./dev_options.ts";
import { describeShells, describeStack } from "./describe_stack.ts";
import { findSupabaseFolder } from "./find_project.ts";
import { dataFolderOf } from "./folders.ts";
import { announceStack } from "./running_stack.ts";
import { offerSimulatedModel } from "./simulated_model.ts";
import { type Stack, startStack } from "./stack.ts";
import { watchSources } from "./watch_sources.ts";

async function run(options: DevOptions): Promise<void> {
  const started = performance.now();
  const end = askedToEnd().then(() => "end" as const);
  const project = options.project === undefined
    ? supabaseFolder
    : await findSupabaseFolder(options.project);
  const dataDir = resolve(options.dataDir ?? dataFolderOf(project));
  const starting = startStack({
    port: options.port,
    dataDir,
    emptyDataDir: options.reset,
    asItIs: options.asItIs,
    databaseUrl: options.databaseUrl,
    project,
    log: (line) => console.error(line),
  });
  const stack = await Promise.race([starting, end]);
  // While a part is still starting nothing has to be saved.
  if (stack === "end") Deno.exit(130);
  const simulator = options.simulator && await hasPipeline(stack)
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
  const functions = join(project, "functions");
  await Deno.mkdir(functions, { recursive: true });
  const stopWatching = watchSources(functions, () => {
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

/** Another project may have none, as before it is added. */
async function hasPipeline({ sql }: Stack): Promise<boolean> {
  const [{ has }] = await sql`
    select to_regclass('public.model_endpoints') is not null as has
  `;
  return has;
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
