import type * as z from "zod";

/**
 * The arguments of a tool, with JSON in place of texts where the schema takes none and JSON is what
 * they are: clients write numbers as texts (github/github-mcp-server#2044) and objects, too
 * (vercel/next-devtools-mcp#132).
 */
export function unquoted(schema: z.ZodType, input: unknown): unknown {
  const root = { input: structuredClone(input) };
  while (
    schema.safeParse(root.input).error?.issues.map(unquote).includes(true)
  ) {
    // What was in a text may have texts in it.
  }
  return root.input;

  function unquote({ code, path }: z.core.$ZodIssue): boolean {
    if (code !== "invalid_type" && code !== "invalid_union") return false;
    const keys = ["input", ...path];
    const last = keys.pop()!;
    const holder = keys.reduce<Record<PropertyKey, unknown>>(
      (value, key) => value[key] as Record<PropertyKey, unknown>,
      root,
    );
    const written = holder[last];
    const value = typeof written === "string" ? fromJson(written) : written;
    if (value === written) return false;
    holder[last] = value;
    return true;
  }
}

/** What a text is as JSON; the text where it is none, or JSON of a text. */
function fromJson(text: string): unknown {
  try {
    const value = JSON.parse(text);
    return typeof value === "string" ? text : value;
  } catch {
    return text;
  }
}
