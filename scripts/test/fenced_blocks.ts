/** A block of code in a Markdown page. */
export interface FencedBlock {
  /** What stands behind the opening fence, such as `sql`. */
  language: string;
  text: string;
  /** The heading above it. */
  section: string;
  /** Line of the opening fence, from 1. */
  line: number;
}

/** The blocks between ``` fences of a page, in order. */
export function findFencedBlocks(page: string): FencedBlock[] {
  const blocks: FencedBlock[] = [];
  let section = "";
  let open: FencedBlock | undefined;
  for (const [index, line] of page.split("\n").entries()) {
    if (line.startsWith("```")) {
      if (open) blocks.push(open);
      open = open
        ? undefined
        : { language: line.slice(3), text: "", section, line: index + 1 };
    } else if (open) open.text += `${line}\n`;
    else if (/^#+ /.test(line)) section = line.replace(/^#+ /, "");
  }
  return blocks;
}
