import { openAddress } from "../../dashboard/open_address.ts";
import { serveDashboard } from "../../dashboard/serve.ts";
import { writeDashboard } from "../../dashboard/write_files.ts";
import { type Command, EXIT, type Terminal, WrongUsage } from "../command.ts";
import { openProject } from "../project_access.ts";
import { isPublishable } from "../publishable_key.ts";
import { readArguments, switches, texts, toNumber } from "../read_arguments.ts";
import { toChoice } from "../stored_results.ts";

export const view: Command = {
  summary: "The dashboard: look at runs, answers and comparisons in a browser",
  help: `Usage: deno task pipeline view [RUN|EXPERIMENT] [options]

A server on this machine serves the dashboard and keeps the secret key; the address that is printed
holds a token, so that nobody else on this machine can use it. Ctrl-C stops it.

  --port N      54310 by default; the next free one when busy
  --no-open     Print the address, open no browser
  --read-only   Without pause, resume, cancel, retry, grades and new runs
  --out DIR     Write the files for any static host instead; users sign in there, and the
                publishable key is taken from SUPABASE_PUBLISHABLE_KEY: see docs/dashboard.md

Examples:
  deno task pipeline view
  deno task pipeline view 7
  deno task pipeline view nightly --read-only
  deno task pipeline view --out public`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ["RUN|EXPERIMENT?"], {
      ...texts("port", "out"),
      ...switches("read-only"),
      // Node takes --no-open for its negation, whatever options there are.
      open: { type: "boolean", default: true },
    });
    if (values.out !== undefined) return await write(values.out, terminal);
    const { connection } = openProject(terminal);
    const dashboard = await serveDashboard(connection, {
      port: toNumber("port", values.port),
      readOnly: values["read-only"],
      fetch: terminal.fetch,
    });
    const address = dashboard.url + toPlace(positionals[0]);
    terminal.print(address);
    terminal.complain("Ctrl-C stops the dashboard");
    const opened = values.open ? await openAddress(address) : undefined;
    await terminal.interrupted();
    await dashboard.stop();
    await opened?.close();
    return EXIT.done;
  },
};

async function write(
  folder: string,
  { environment, print }: Terminal,
): Promise<number> {
  const {
    SUPABASE_URL: url,
    SUPABASE_PUBLISHABLE_KEY: key,
    SUPABASE_SECRET_KEY: secretKey,
  } = environment;
  if (!url || !key) {
    throw new WrongUsage(
      "Cannot write the dashboard: set SUPABASE_URL and SUPABASE_PUBLISHABLE_KEY",
    );
  }
  if (!isPublishable(key) || key === secretKey) {
    throw new WrongUsage(
      "Cannot write the dashboard: SUPABASE_PUBLISHABLE_KEY holds no key that everybody may see; " +
        "give one that begins with sb_publishable_, or the anon key of an older project",
    );
  }
  const files = await writeDashboard(folder, {
    projectUrl: new URL(url).origin,
    key,
  });
  files.forEach((name) => print(`${folder}/${name}`));
  return EXIT.done;
}

/** Behind the token: where the dashboard opens. */
function toPlace(text: string | undefined): string {
  if (text === undefined) return "";
  const choice = toChoice(text);
  return "runId" in choice
    ? `&/runs/${choice.runId}`
    : `&/experiments/${encodeURIComponent(choice.experimentName)}/answers`;
}
