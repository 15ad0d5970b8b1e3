import { graderName } from "./grader.ts";
import { project } from "./project.ts";

/** What somebody wrote about an item and did not store yet. */
export interface Words {
  remark: string;
  /** The answer as it should have been; undefined: it was not touched. */
  corrected?: string;
}

/**
 * What this person wrote about an item before a reload, a crash or the end of a sign-in. The browser
 * keeps it until it is stored.
 */
export function readKeptWords(item: number): Words | undefined {
  const text = localStorage.getItem(keptAs(item));
  return text === null ? undefined : JSON.parse(text);
}

/** Keeps what was written; undefined: it is stored now, or not wanted. */
export function keepWords(item: number, words: Words | undefined): void {
  if (words) localStorage.setItem(keptAs(item), JSON.stringify(words));
  else localStorage.removeItem(keptAs(item));
}

function keptAs(item: number): string {
  const { projectUrl } = project().home;
  return `dashboard words of ${graderName()} ${item} ${projectUrl}`;
}
