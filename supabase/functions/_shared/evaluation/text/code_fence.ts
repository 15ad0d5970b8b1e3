/** The content of the one Markdown code block that a text consists of, else the text itself. */
export function stripCodeFence(text: string): string {
  const block = text.trim();
  const fence = /^(?:`{3,}|~{3,})/.exec(block)?.[0];
  const start = block.indexOf("\n");
  if (!fence || start < 0 || !block.endsWith(fence)) return text;
  const content = block.slice(start + 1, -fence.length);
  return content.includes(fence) ? text : content;
}
