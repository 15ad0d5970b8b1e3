import type { WatchStatus } from "../../dashboard/browser/data/watches.ts";
import { type Command, EXIT, WrongUsage } from "../command.ts";
import { drawTable } from "../draw_table.ts";
import { toEvaluators, toJson } from "../endpoint_options.ts";
import { dataOf, openProject } from "../project_access.ts";
import { readArguments, switches, texts, toNumber } from "../read_arguments.ts";
import { readSource } from "../read_source.ts";
import { withTableOptions } from "../table_options.ts";
import { toVisible, toVisibleJson } from "../visible_text.ts";

export const watch: Command = {
  summary: "Have the answers of a live app graded as they come in",
  help:
    `Usage: deno task pipeline watch [TABLE --name NAME --evaluators TEXT] [options]

With TABLE: starts a watch over a table in which an app stores its conversations, and prints its id.
Without: what each watch has scored, found and spent today; --json says more. Pause one with
update pipeline_watches set status = 'paused'.

Options:
  --name NAME            of the watch, and of the experiment that its answers are
  --evaluators TEXT      names with commas between them, or JSON
  --columns JSON, --where JSON, --options JSON
  --sample SHARE         of the turns, above 0 to 1; default 1
  --max-cost USD         of its judges in a day of UTC
  --max-answers N        turns in a day of UTC
  --window N             scored turns that are compared with the baseline together; default 200
  --approved JSON        means that are approved, {"EVALUATOR": 0.9}; default: that of the first window
  --webhook URL          gets an event when a window leaves the baseline
  --json

Exit code: 0 done, 3 a watch has a problem or an alarm, 1 the watch was refused, 2 wrong usage.

Examples:
  deno task pipeline watch public.messages --name live --evaluators refusal --sample 0.1
  deno task pipeline watch`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ["TABLE?"], {
      ...texts("name", "evaluators", "columns", "where", "options", "sample"),
      ...texts("max-cost", "max-answers", "window", "approved", "webhook"),
      ...switches("json"),
    });
    if (positionals[0] === undefined) {
      const { json: _, ...ofNewOne } = values;
      const [given] = Object.keys(ofNewOne);
      if (given) throw new WrongUsage(`Give TABLE with --${given}`);
    }
    const { client } = openProject(terminal);
    if (positionals[0] === undefined) {
      const found = dataOf(
        "read the watches",
        await client.from("pipeline_watch_status").select().order("id").order(
          "evaluator",
        ),
      ) as unknown as WatchStatus[];
      if (values.json) terminal.print(toVisibleJson(found));
      else if (found.length === 0) terminal.complain("There is no watch yet");
      else showAll(found, terminal.columns, terminal.print);
      return found.some(({ problem, alarm }) => problem || alarm === "alarm")
        ? EXIT.somethingFailed
        : EXIT.done;
    }
    if (!values.name || !values.evaluators) {
      throw new WrongUsage("Give --name and --evaluators");
    }
    const row = {
      name: values.name,
      source: withTableOptions(await readSource(positionals[0]), values),
      evaluators: toEvaluators(values.evaluators),
      options: toJson("options", values.options),
      sample: toNumber("sample", values.sample),
      max_cost_per_day: toNumber("max-cost", values["max-cost"]),
      max_answers_per_day: toNumber("max-answers", values["max-answers"]),
      window_turns: toNumber("window", values.window),
      approved: toJson("approved", values.approved),
      evaluation_webhook: values.webhook,
    };
    const [{ id }] = dataOf(
      "start the watch",
      await client.from("pipeline_watches")
        // What is not given has the column's default.
        .insert(JSON.parse(JSON.stringify(row))).select("id"),
    ) as { id: number }[];
    terminal.print(values.json ? toVisibleJson({ watchId: id }) : String(id));
    return EXIT.done;
  },
};

function showAll(
  found: WatchStatus[],
  columns: number,
  print: (line: string) => void,
): void {
  const round = (value: number | null) => value?.toFixed(2);
  const rows = found.map((status) => ({
    id: status.id,
    watch: status.name,
    evaluator: status.evaluator,
    scored: status.scored,
    mean: round(status.mean),
    interval: status.low === null
      ? null
      : `${round(status.low)}-${round(status.high)}`,
    baseline: round(status.baseline),
    state: status.alarm,
    lag: status.lag?.replace(/\.\d+$/, ""),
    // Of today.
    USD: status.spent_today,
  }));
  print(toVisible(drawTable(rows, columns)));
  for (
    const text of new Set(
      found.flatMap(({ name, problem }) =>
        problem ? [`${name}: ${problem}`] : []
      ),
    )
  ) {
    print(toVisible(text));
  }
}
