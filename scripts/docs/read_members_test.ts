import { assertEquals } from "@std/assert";
import { conversationFormat } from "../../supabase/functions/_shared/archive/formats/format.ts";
import { textOrUndefined } from "../../supabase/functions/_shared/archive/json.ts";
import { readMembers, shortened } from "./read_members.ts";

Deno.test("readMembers() finds what is looked for in the place of what there is", () => {
  const format = conversationFormat({
    name: "notes",
    matches: () => true,
    read: ({ note, title, name, pages }) => [{
      id: textOrUndefined(note),
      title: textOrUndefined(title ?? name),
      turns: Array.isArray(pages)
        ? pages.map((page) => ({
          role: "user",
          text: String((page as { words?: string }).words),
        }))
        : [],
    }],
  });
  assertEquals(
    readMembers(format, [{ note: 1, title: "a", other: 2, pages: [{}] }]),
    ["name", "note", "pages[].words", "title"],
  );
});

Deno.test("shortened() tells the members of messages and their parts once", () => {
  const common = ["role", "sender", "text"];
  assertEquals(
    shortened(
      ["a[].role", "a[].sender", "a[].own", "b.text", "b.thought"],
      common,
    ),
    ["a[].…", "a[].own", "b.…"],
  );
});
