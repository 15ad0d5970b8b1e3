import { EXIT, type Terminal, WrongUsage } from "../command.ts";
import { call, openProject } from "../project_access.ts";
import { readArguments, texts, toNumber } from "../read_arguments.ts";
import { readText } from "../read_text.ts";
import { toCsvLine } from "../to_csv_line.ts";
import { toVisible } from "../visible_text.ts";
import type { LabelItem } from "../../dashboard/browser/data/label_queue_answer.ts";
import { findLabelQueue } from "./label_queue.ts";
import { readSheet, toSheetHeader, toSheetRow } from "./label_sheet.ts";
import { storeLabels } from "./store_labels.ts";

const options = texts("owner", "person");

/** A request of so many answers stays below the 8 s of the Data API. */
const ITEMS_PER_PART = 200;

/** @throws {WrongUsage} nobody is named */
function expectPerson(given: string | undefined): string {
  if (given) return given;
  throw new WrongUsage("Give --person: whose labels these are");
}

/** Prints what is left for a person, and keeps it for them. */
export async function exportSheet(
  args: string[],
  terminal: Terminal,
): Promise<number> {
  const { values, positionals: [name] } = readArguments(args, ["QUEUE"], {
    ...options,
    days: { type: "string", default: "7" },
  });
  const who = expectPerson(values.person);
  const days = toNumber("days", values.days)!;
  const { client } = openProject(terminal);
  const queue = await findLabelQueue(client, name, values.owner);
  terminal.print(toCsvLine(toSheetHeader(queue)));
  let after = 0;
  let page: LabelItem[];
  do {
    ({ items: page } = await call<{ items: LabelItem[] }>(
      client,
      "read the answers",
      "claim_evaluation_label",
      {
        queue_id: queue.id,
        person: who,
        most: ITEMS_PER_PART,
        after,
        lease_seconds: Math.ceil(days * 86_400),
      },
    ));
    for (const item of page) terminal.print(toCsvLine(toSheetRow(item)));
    after = page.at(-1)?.position ?? after;
  } while (page.length === ITEMS_PER_PART);
  return EXIT.done;
}

/** Stores what a filled in sheet says, row by row. */
export async function importSheet(
  args: string[],
  terminal: Terminal,
): Promise<number> {
  const { values, positionals: [name, file] } = readArguments(
    args,
    ["QUEUE", "FILE"],
    options,
  );
  const who = expectPerson(values.person);
  const text = await readText(file, terminal);
  if (text.includes("\uFFFD")) {
    throw new WrongUsage(
      `Cannot read ${file}: it is no UTF-8. Save it as "CSV UTF-8"`,
    );
  }
  const { client } = openProject(terminal);
  const queue = await findLabelQueue(client, name, values.owner);
  let sheet;
  try {
    sheet = readSheet(text, queue);
  } catch (error) {
    throw new WrongUsage(
      `Cannot read ${file}, nothing was stored: ${(error as Error).message}`,
    );
  }
  const refused = await storeLabels(client, sheet.labels, queue.id, who);
  const problems = [...sheet.problems, ...refused]
    .sort((one, other) => one.row - other.row);
  for (const { row, column, problem } of problems) {
    terminal.complain(
      toVisible(`${file}, row ${row}, column ${column}: ${problem}`),
    );
  }
  const stored = sheet.labels.length - refused.length;
  terminal.print(
    `Stored ${stored} labels of ${who}; ${sheet.empty} rows have none yet${
      problems.length > 0 ? `; ${problems.length} are wrong` : ""
    }`,
  );
  if (problems.length === 0) return EXIT.done;
  return stored === 0 ? EXIT.failed : EXIT.somethingFailed;
}
