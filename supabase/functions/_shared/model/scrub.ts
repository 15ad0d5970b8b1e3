const MARK = "[secret]";
/** Shorter pieces of base64 are found in texts that have nothing to do with a secret. */
const LEAST_PIECE = 8;

/** Removes every known secret from text that leaves the call. */
export interface Scrub {
  text(text: string): string;
  /** Scrubs every string and key of a JSON value. */
  json(value: unknown): unknown;
}

/**
 * Scrubs secrets as they are and as JSON, URLs, HTML and base64 write them, alone or within another
 * text such as `user:key`. Names are not told: whoever may read an answer need not know them.
 */
export function createScrub(secrets: Iterable<string>): Scrub {
  const spellings = [...new Set([...secrets].flatMap(spellingsOf))]
    .sort((a, b) => b.length - a.length);

  function scrubText(text: string): string {
    for (const spelling of spellings) text = text.replaceAll(spelling, MARK);
    return text;
  }

  function scrubJson(value: unknown): unknown {
    if (typeof value === "string") return scrubText(value);
    if (Array.isArray(value)) return value.map(scrubJson);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map((
        [key, element],
      ) => [scrubText(key), scrubJson(element)]),
    );
  }

  return {
    text: scrubText,
    json: (value) => spellings.length === 0 ? value : scrubJson(value),
  };
}

function spellingsOf(secret: string): string[] {
  const bytes = [...new TextEncoder().encode(secret)];
  const percent = bytes.map((byte) => `%${byte.toString(16).padStart(2, "0")}`)
    .join("");
  const uri = encodeURIComponent(secret);
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    uri,
    uri.replace(/%../g, (escape) => escape.toLowerCase()),
    percent,
    percent.toUpperCase(),
    ...htmlOf(secret),
    btoa(secret),
    ...[0, 1, 2].flatMap((offset) => base64Within(secret, offset)),
  ];
}

/** The ways in which the signs of HTML are written, and every character as a number. */
function htmlOf(secret: string): string[] {
  const named = secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
  return [
    named,
    named.replaceAll('"', "&quot;").replaceAll("'", "&#39;"),
    named.replaceAll('"', "&#34;").replaceAll("'", "&#x27;"),
    named.replaceAll('"', "&quot;").replaceAll("'", "&apos;"),
    [...secret].map((character) => `&#${character.codePointAt(0)};`).join(""),
  ];
}

/**
 * What is the same in base64 whatever stands around the secret, when it begins so many bytes after a
 * multiple of three: each character is six bits.
 */
function base64Within(secret: string, offset: number): string[] {
  const whole = btoa("\0".repeat(offset) + secret);
  const piece = whole.slice(
    Math.ceil(offset * 8 / 6),
    Math.floor((offset + secret.length) * 8 / 6),
  );
  return piece.length < LEAST_PIECE
    ? []
    : [piece, piece.replaceAll("+", "-").replaceAll("/", "_")];
}
