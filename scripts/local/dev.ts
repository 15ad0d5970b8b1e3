import { join, resolve } from "node:path";
import { supabaseFolder } from "./checkout.ts";
import { askedToEnd } from "./asked_to_end.ts";
import { type DevOptions, readDevOptions, usage } from "./dev_options.ts";
import { readFolders } from "./folders.ts";
import { type Stack, startStack } from "./stack.ts";
import { watchSources } from "./watch_sources.ts";

function describe(stack: Stack, milliseconds: number): string {
  return `
         API URL: ${stack.url}
          DB URL: ${stack.databaseUrl}
      Studio URL: ${stack.studioUrl}
 Publishable key: ${stack.publishableKey}
      Secret key: ${stack.secretKey}

Started in ${
    (milliseconds / 1_000).toFixed(1)
  } s. Functions start at their first
call and anew when their code changes, new migrations are applied at the next start.
Ctrl-C stops it.`;
}

async function run(options: DevOptions): Promise<void> {
  const started = performance.now();
  const end = askedToEnd().then(() => "end" as const);
  const dataDir = resolve(options.dataDir ?? readFolders().data);
  const starting = startStack({
    port: options.port,
    dataDir,
    emptyDataDir: options.reset,
    databaseUrl: options.databaseUrl,
    log: (line) => console.error(line),
  });
  const stack = await Promise.race([starting, end]);
  // While a part is still starting nothing has to be saved.
  if (stack === "end") Deno.exit(130);
  console.log(describe(stack, performance.now() - started));
  const stopWatching = watchSources(join(supabaseFolder, "functions"), () => {
    console.log("Functions changed: the next call starts them anew");
    stack.kill("functions");
  });
  await end;
  console.log("Stopping");
  stopWatching();
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
