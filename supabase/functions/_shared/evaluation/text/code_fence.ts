/**
 * The content of the one Markdown code block that a text consists of, else the text itself.
 *
 * A block ends where a fence stands on a line of its own (https://spec.commonmark.org, fenced code
 * blocks), so that fences inside JSON strings, which have no line ends, do not end it.
 */
export function stripCodeFence(text: string): string {
  const block = text.trim();
  const fence = /^(?:`{3,}|~{3,})/.exec(block)?.[0];
  const start = block.indexOf("\n");
  if (!fence || start < 0 || !block.endsWith(fence)) return text;
  const content = block.slice(start + 1, -fence.length);
  return isClosedWithin(content, fence) ? text : content;
}

function isClosedWithin(content: string, fence: string): boolean {
  for (
    let at = content.indexOf(fence);
    at >= 0;
    at = content.indexOf(fence, at + fence.length)
  ) {
    const before = content.slice(content.lastIndexOf("\n", at - 1) + 1, at);
    const end = content.indexOf("\n", at);
    const after = content.slice(at, end < 0 ? undefined : end);
    if (/^ {0,3}$/.test(before) && /^[`~]+[ \t\r]*$/.test(after)) return true;
  }
  return false;
}
