import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";
import type { FileChange } from "./file_changes.ts";

/** Lines above this length are a bundle's, which nobody reads. */
const LONGEST_LINE = 5_000;

/** One line for each file that changes. */
export function describeChanges(changes: FileChange[]): string[] {
  return changes.map(({ path, before, after, keptAs }) =>
    `  ${
      after === undefined
        ? "remove"
        : before === undefined
        ? "new   "
        : "change"
    }  supabase/${path}${after === undefined ? "" : `, ${size(after)}`}${
      keptAs ? ` (it was edited, or yours: kept as supabase/${keptAs})` : ""
    }`
  );
}

/** The changes as `diff -u` shows them. */
export function diffChanges(changes: FileChange[]): string[] {
  return changes.map(({ path, before = "", after = "" }) => {
    const name = `supabase/${path}`;
    const isBundle = [before, after].some((text) =>
      text.split("\n").some((line) => line.length > LONGEST_LINE)
    );
    return isBundle
      ? `--- ${name}\n+++ ${name}\n(a bundle: ${size(before)} before, ${
        size(after)
      } now)\n`
      : createTwoFilesPatch(
        before === "" ? "/dev/null" : name,
        after === "" ? "/dev/null" : name,
        before,
        after,
        undefined,
        undefined,
        { headerOptions: FILE_HEADERS_ONLY },
      );
  });
}

function size(text: string): string {
  const bytes = new TextEncoder().encode(text).length;
  return bytes < 1_000 ? `${bytes} B` : `${Math.round(bytes / 1_000)} kB`;
}
