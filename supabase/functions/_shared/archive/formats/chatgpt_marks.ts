/**
 * An answer of ChatGPT without its marks for the page, which are characters for private use: `\ue200cite
 * \ue202turn0search3\ue201` says where something was found and gives nothing, `\ue200entity\ue202["people",
 * "Ada", 0]\ue201` stands for the name in it, \ue203 and \ue204 are around what a note is about.
 *
 * Sources: daugaard47/ChatGPT_Conversations_To_Markdown#8, pionxzh/chatgpt-exporter#276.
 */
export function withoutMarks(text: string): string {
  if (!text.includes("\ue200") && !text.includes("\ue203")) return text;
  return text.replace(
    MARK,
    (_, kind: string, rest: string) => NAMED.has(kind) ? nameIn(rest) : "",
  ).replace(ALL_PRIVATE_USE, "").replace(/ +(?=[.,;:!?\n]|$)/g, "");
}

const ALL_PRIVATE_USE = /[\ue200-\ue2ff]/g;
const MARK = /\ue200([^\ue200-\ue2ff]*)\ue202?([^\ue200\ue201]*)\ue201/g;
const NAMED = new Set(["entity", "url", "link_title"]);

/** `["people", "Ada", 0]`, or texts between marks, of which the first is the name. */
function nameIn(rest: string): string {
  const quoted = /^\s*\["(?:[^"\\]|\\.)*"\s*,\s*("(?:[^"\\]|\\.)*")/.exec(rest)
    ?.[1];
  if (quoted === undefined) return rest.split("\ue202")[0];
  try {
    return String(JSON.parse(quoted));
  } catch {
    // An escape that JSON does not have.
    return quoted.slice(1, -1);
  }
}
