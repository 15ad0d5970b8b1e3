import { assertMatch, assertThrows } from "@std/assert";
import { eventFormat } from "../../supabase/functions/_shared/archive/formats/event_format.ts";
import { toFormatPage } from "./format_page.ts";

const songs = eventFormat({
  name: "songs",
  matches: ({ song }) => song !== undefined,
  ignored: { refrain: "sung again" },
  turnOf: ({ song, verse, sungAt }) =>
    typeof song === "string"
      ? { role: "user", text: song, time: sungAt ?? verse }
      : undefined,
});
const source = `
/** Songs: \`{song}\` a line. */
export const songs = eventFormat({});
`;

Deno.test("toFormatPage() says what a format reads, asks for and leaves out", () => {
  const page = toFormatPage([songs], [{
    shows: "",
    format: "songs",
    archive: [{ song: "la", verse: 1 }],
    conversations: 1,
    texts: ["la"],
  }], [{ source, exports: { songs } }]);
  assertMatch(page, /## songs\n\nSongs: `\{song\}` a line\./);
  assertMatch(page, /Members: `song`, `sungAt`, `verse`\./);
  assertMatch(page, /\| `refrain` \| sung again \|/);
});

Deno.test("toFormatPage() wants a comment before every format", () => {
  assertThrows(
    () => toFormatPage([songs], [], [{ source: "", exports: { songs } }]),
    RangeError,
    "Cannot describe the format songs",
  );
});
