import { CONVERSATION_ID_NAMES } from "../../supabase/functions/_shared/archive/conversation_id.ts";
import { bareMessages } from "../../supabase/functions/_shared/archive/formats/bare_messages.ts";
import {
  ANSWER_COLUMNS,
  ASKED_COLUMNS,
  EXPECTED_COLUMNS,
} from "../../supabase/functions/_shared/archive/formats/dataset_columns.ts";
import type { ArchiveFormat } from "../../supabase/functions/_shared/archive/formats/format.ts";
import { IGNORED_MESSAGES } from "../../supabase/functions/_shared/archive/formats/list_turns.ts";
import { ROLES } from "../../supabase/functions/_shared/archive/formats/role_of.ts";
import { IGNORED_PARTS } from "../../supabase/functions/_shared/archive/formats/text_of.ts";
import { PASSAGE_NAMES } from "../../supabase/functions/_shared/archive/prompts/passages_in.ts";
import type { Json } from "../../supabase/functions/_shared/archive/json.ts";
import type { Ignored } from "../../supabase/functions/_shared/archive/left_out.ts";
import type { Fixture } from "../../supabase/functions/_shared/archive/testing/fixture.ts";
import { toTable } from "./markdown_table.ts";
import { readMembers, shortened } from "./read_members.ts";

const PREFACE = `# Formats of archives

What is read as a conversation, and what becomes a prompt: one turn of a person. This page is written by
\`deno task docs\` from the formats in \`supabase/functions/_shared/archive/formats\`: from what their
files say, what they ask of a record, and what they leave out.

The format of a file is told by its content, by the first 32 records; where several formats fit, the first
of this page reads it. Records are entries of a JSON list, lines of JSON, rows of a CSV file with the
names of its first row as members, or activities of Google's page, in files or in zip and gzip archives.

- **Order** is by the times of the messages, or by their links where they have some. A list that runs
  backwards in time is read from its end; the order of the file counts only where there are no times.
- **Numbers** keep their digits: integers beyond 2^53 are read as text.
- **Nothing is left out in silence.** What a file of a known format has and that is neither a turn nor on a
  list below is counted by its kind, such as \`attachment/poem\`: in \`leftOut\` of
  \`deno task pipeline extract --report\`, in \`pipeline_errors\` with class \`left_out\`, and in the run's
  \`notice\`. A file of a known format without a prompt says why. A record without the member that holds
  its messages is skipped with a reason.
`;

/** A file of formats: its text and what it exports. */
export interface FormatFile {
  source: string;
  exports: Record<string, unknown>;
}

/** The files in which formats are. */
export async function readFormatFiles(): Promise<FormatFile[]> {
  const folder = new URL(
    "../../supabase/functions/_shared/archive/formats/",
    import.meta.url,
  );
  const files: FormatFile[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".ts") || name.endsWith("_test.ts")) continue;
    const { href } = new URL(name, folder);
    files.push({
      source: await Deno.readTextFile(new URL(href)),
      exports: await import(href),
    });
  }
  return files;
}

/** The page docs/formats.md, before `deno fmt` lays it out. */
export function toFormatPage(
  formats: readonly ArchiveFormat[],
  fixtures: readonly Fixture[],
  files: readonly FormatFile[],
): string {
  const docs = new Map(
    files.flatMap(({ source, exports }) =>
      Object.entries(exports)
        .map(([constant, value]) => [value, commentOf(source, constant)])
    ) as [unknown, string | undefined][],
  );
  const common = readMembers(
    bareMessages,
    fixtures.filter(({ format }) => format === bareMessages.name)
      .flatMap(recordsOf),
  );
  return [
    PREFACE,
    "## In every format",
    "",
    "Names of a conversation's id, the surest first; capitals, `_`, `-` and spaces do not matter: " +
    `${code(CONVERSATION_ID_NAMES)}.`,
    "",
    toTable(
      ["role", "who wrote a message, in any capitals"],
      [...new Set(ROLES.values())].map((role) => [
        role,
        code(
          [...ROLES].filter(([, one]) => one === role).map(([name]) => name),
        ),
      ]),
    ),
    "A message in a list has these members in most formats, `messages[].…` below:",
    `${code(common)}.`,
    "",
    "Messages and parts of messages that are no turns:",
    "",
    ignoredTable({ ...IGNORED_MESSAGES, ...IGNORED_PARTS }),
    "",
    "## Columns of data sets",
    "",
    "A row of a data set, or of what an evaluation wrote, is a prompt by the names of its columns, the surest " +
    "first; capitals, `_`, `-` and spaces do not matter. All other columns, and the members of an object " +
    "`metadata`, become metadata of the prompt, which evaluators and templates can name.",
    "",
    toTable(["column", "names"], [
      ["what is asked", code(ASKED_COLUMNS)],
      ["the reference: what a model answered", code(ANSWER_COLUMNS)],
      [
        "the reference where nobody answered: what is expected",
        code(EXPECTED_COLUMNS),
      ],
      [
        "the passages that a retriever found, in the metadata of any format",
        code(PASSAGE_NAMES),
      ],
    ]),
    "Tables that come as one record are opened first, whatever the format of their rows: pages of Hugging " +
    "Face's viewer, pandas' `to_json` with any orient, and dictionaries of lists.",
    ...formats.flatMap((format) => section(format, docs, fixtures, common)),
  ].join("\n");
}

function section(
  format: ArchiveFormat,
  docs: Map<unknown, string | undefined>,
  fixtures: readonly Fixture[],
  common: readonly string[],
): string[] {
  const about = docs.get(format);
  if (about === undefined) {
    throw new RangeError(
      `Cannot describe the format ${format.name}: there is no comment before its constant`,
    );
  }
  const head = ["", `## ${format.name}`, "", about];
  if (format.kind === "refused") {
    return [...head, "", `It is refused: ${format.reason}.`];
  }
  const records = fixtures
    .filter((fixture) => fixture.format.split(", ").includes(format.name))
    .flatMap(recordsOf);
  const members = format === bareMessages
    ? readMembers(format, records)
    : shortened(readMembers(format, records), common);
  return [
    ...head,
    ...members.length > 0 ? ["", `Members: ${code(members)}.`] : [],
    ...format.ignored
      ? ["", "Left out on purpose:", "", ignoredTable(format.ignored)]
      : [],
  ];
}

function ignoredTable(ignored: Ignored): string {
  return toTable(
    ["kind", "what it is"],
    Object.entries(ignored).map(([kind, reason]) => [`\`${kind}\``, reason]),
  );
}

function code(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}

function recordsOf({ archive }: Fixture): Json[] {
  if (typeof archive === "object") return [archive].flat() as Json[];
  const lines = archive.split("\n").filter((line) => line !== "");
  try {
    return lines.map((line) => JSON.parse(line));
  } catch {
    // A table or a page: its columns are told where the same shape is JSON.
    return [];
  }
}

/** The comment before an exported constant. */
function commentOf(source: string, constant: string): string | undefined {
  const at = source.search(new RegExp(`export const ${constant}\\b`));
  const comment = /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*$/.exec(source.slice(0, at))
    ?.[1];
  return comment?.split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trimEnd()).join("\n").trim();
}
