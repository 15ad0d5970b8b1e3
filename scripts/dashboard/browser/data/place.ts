/** Where in the dashboard somebody is: a path of words and its choices. Every state is one. */
export interface Place {
  /** Decoded words: `["runs", "7"]`. */
  path: string[];
  query: Record<string, string>;
}

/**
 * Reads the fragment of an address, `#/runs/7?show=failed`. Places are fragments because the same
 * files work on any host, in any folder and from a file.
 */
export function readPlace(hash: string): Place {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return {
    path: path.split("/").filter((word) => word !== "").map(decode),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** The address of a place; what is empty in its query is left out. */
export function toHash({ path, query }: Place): string {
  const chosen = Object.entries(query).filter(([, value]) => value !== "");
  const text = new URLSearchParams(chosen).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${
    text === "" ? "" : `?${text}`
  }`;
}

/**
 * The values of a pattern such as `runs/:run/answers`; undefined: the path is another's.
 */
export function matchPath(
  pattern: string,
  path: string[],
): Record<string, string> | undefined {
  const words = pattern.split("/").filter((word) => word !== "");
  if (words.length !== path.length) return undefined;
  const values: Record<string, string> = {};
  for (const [index, word] of words.entries()) {
    if (word.startsWith(":")) values[word.slice(1)] = path[index];
    else if (word !== path[index]) return undefined;
  }
  return values;
}

function decode(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    // Somebody typed a lone per cent sign.
    return word;
  }
}
