import { toVisible } from "../../../pipeline/visible_text.ts";

/** Words of strangers: never markup, and what would change the direction of text is shown as a mark. */
export function VisibleText({ text }: { text: string }) {
  return <span class="text" dir="auto">{toVisible(text)}</span>;
}
