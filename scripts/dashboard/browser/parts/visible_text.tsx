import type { ComponentChildren } from "preact";
import { toVisible } from "../../../pipeline/visible_text.ts";

/** Words of strangers: never markup, and what would change the direction of text is shown as a mark. */
export function VisibleText({ text }: { text: string }) {
  return <span class="text" dir="auto">{toVisible(text)}</span>;
}

/** A value beside others, as tables and facts show it: a text is a stranger's, and none is a dash. */
export function shown(value: ComponentChildren): ComponentChildren {
  if (value === null || value === undefined) return "–";
  return typeof value === "string" ? <VisibleText text={value} /> : value;
}
