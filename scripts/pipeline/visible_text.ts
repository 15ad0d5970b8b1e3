/**
 * What a terminal or a page would obey instead of showing it: control characters but tab and line
 * feed, and the marks that change the direction of text (https://www.unicode.org/reports/tr9/).
 */
const OBEYED =
  // deno-lint-ignore no-control-regex
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Text of strangers with what would be obeyed as marks: `␛` for escape, `<U+202E>` for others. */
export function toVisible(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(OBEYED, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x20
      ? String.fromCharCode(0x2400 + code)
      : `<U+${toHex(code).toUpperCase()}>`;
  });
}

/** JSON with the same characters as its own escapes: nothing is lost and nothing is obeyed. */
export function toVisibleJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    OBEYED,
    (character) => `\\u${toHex(character.charCodeAt(0))}`,
  );
}

function toHex(code: number): string {
  return code.toString(16).padStart(4, "0");
}
