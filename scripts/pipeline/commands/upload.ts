import { type Command, EXIT, WrongUsage } from "../command.ts";
import { drawTable } from "../draw_table.ts";
import { expectPath } from "../find_files.ts";
import { createProgressMeter } from "../progress_meter.ts";
import { openProject } from "../project_access.ts";
import { readArguments, switches, texts, toNumber } from "../read_arguments.ts";
import { uploadFiles } from "../upload_files.ts";
import { toVisibleJson } from "../visible_text.ts";

export const upload: Command = {
  summary: "Put archives of this machine into a bucket",
  help: `Usage: deno task pipeline upload PATH… BUCKET[/PREFIX] [options]

Files and folders keep their names below PREFIX; one that Storage refuses (letters beyond ASCII, %, #,
[, ~ and the like) is written in ASCII with a part of its hash, and the original is kept in the
object's metadata and in the source of its prompts. The bucket is made, private, when there is none.
What is there already with the same bytes is not sent again: repeat an upload that was interrupted.

Options:
  --parallel N   files at a time (default 4)
  --json         one object per file instead of a table

Exit code: 0 all is there, 3 a file failed, 2 wrong usage.

Examples:
  deno task pipeline upload ~/Downloads/chatgpt-export.zip conversation-archives
  deno task pipeline upload archives conversation-archives/2026/`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(
      args,
      ["PATH…", "BUCKET[/PREFIX]"],
      { ...texts("parallel"), ...switches("json") },
    );
    const target = positionals.at(-1)!;
    const paths = positionals.slice(0, -1);
    for (const path of paths) await expectPath(path);
    const [, bucket, folder] = /^([^/]+)\/?(.*)$/.exec(target) ?? [];
    if (!bucket) throw new WrongUsage(`Cannot use ${target}: give a bucket`);
    const prefix = folder === "" || folder.endsWith("/")
      ? folder
      : `${folder}/`;
    let meter: ReturnType<typeof createProgressMeter> | undefined;
    const uploaded = await uploadFiles(
      paths,
      openProject(terminal).connection,
      {
        bucket,
        prefix,
        parallel: toNumber("parallel", values.parallel),
        fetch: terminal.fetch,
        onStart: ({ bytes }) =>
          meter = createProgressMeter({
            total: bytes,
            unit: "MB",
            show: toMegabytes,
            now: Date.now,
          }, terminal),
        onFile: ({ bytes }) => meter?.add(bytes),
      },
    );
    meter?.end();
    if (values.json) {
      for (const file of uploaded) terminal.print(toVisibleJson(file));
    } else {
      terminal.print(
        drawTable(
          uploaded.map(({ originalPath, path, bytes, outcome }) => ({
            ...originalPath !== undefined && { originalPath },
            path,
            bytes,
            outcome,
          })),
          terminal.columns,
        ),
      );
    }
    for (const { error } of uploaded) if (error) terminal.complain(error);
    return uploaded.some(({ outcome }) => outcome === "failed")
      ? EXIT.somethingFailed
      : EXIT.done;
  },
};

function toMegabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
