import { toVisible } from "./pipeline/visible_text.ts";
import { readDemoOptions, usage } from "./demo/demo_options.ts";
import { openScreen } from "./demo/screen.ts";
import { showDemo } from "./demo/show_demo.ts";
import { askedToEnd } from "./local/asked_to_end.ts";

async function main(): Promise<number> {
  const options = readDemoOptions(Deno.args, Deno.env.toObject());
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const screen = openScreen();
  const interruption = new AbortController();
  askedToEnd().then(() => {
    screen.print("Stopping");
    interruption.abort();
  });
  try {
    await showDemo(options, screen, interruption.signal);
    return 0;
  } catch (error) {
    if (interruption.signal.aborted) return 130;
    throw error;
  }
}

try {
  Deno.exit(await main());
} catch (error) {
  console.error(toVisible((error as Error).message));
  Deno.exit(1);
}
