import { createHash } from "node:crypto";

// supabase/storage, src/storage/limits.ts: isValidKey().
const REFUSED = /[^A-Za-z0-9_/!.*'() &$=@;:+,?-]/;
const REFUSED_ALL = new RegExp(`(?:${REFUSED.source})+`, "g");
const EXTENSION = /\.[A-Za-z0-9]{1,8}$/;
const MADE = /=[0-9a-f]{8}(?:\.[A-Za-z0-9]{1,8})?(?:\/|$)/;
// On a file system the name of an object is the name of a folder: at most 255 bytes.
const LONGEST_STEM = 100;

/**
 * The path under which Storage takes a file: every part that it refuses is written in ASCII, with eight
 * digits of its hash, so that it is the same each time and no other's: `Gespräche.json` is
 * `Gesprache=7911daa5.json`.
 */
export function toObjectName(path: string): string {
  return path.split("/").map(toAcceptedPart).join("/");
}

/** True for a path that `toObjectName` may have made: its object's metadata tell the original. */
export function isMadeObjectName(path: string): boolean {
  return MADE.test(path);
}

function toAcceptedPart(name: string): string {
  if (!REFUSED.test(name)) return name;
  const [extension = ""] = EXTENSION.exec(name) ?? [];
  const stem = name.slice(0, name.length - extension.length)
    .normalize("NFKD").replace(/\p{M}/gu, "").replace(REFUSED_ALL, "_")
    .slice(0, LONGEST_STEM);
  const digest = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return `${stem}=${digest}${extension}`;
}
