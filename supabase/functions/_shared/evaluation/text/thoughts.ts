const OPENING = /^\s*(?:<(think(?:ing)?|thought|seed:think)>|\[THINK\])/i;
const CLOSING_ALONE = /^<\/think(?:ing)?>[ \t]*$/im;

/**
 * The answer after what a model thought aloud, as DeepSeek, Qwen, Magistral and Seed write it where
 * no server takes it out: `<think>…</think>` at its beginning (modelscope/evalscope#867,
 * Future-House/paper-qa#843). A template may have opened the block already, so that only its end is
 * there, on a line of its own (vllm-project/vllm#13125). Thoughts without an end leave nothing.
 *
 * What a judge says is read with less trust: judging/read_answer.ts.
 */
export function withoutThoughts(text: string): string {
  const opening = OPENING.exec(text);
  if (opening !== null) {
    const closing = new RegExp(
      opening[1] ? `</${opening[1]}>` : String.raw`\[/THINK\]`,
      "i",
    );
    return after(closing.exec(text)) ?? "";
  }
  const closing = CLOSING_ALONE.exec(text);
  return closing !== null && !/<think/i.test(text.slice(0, closing.index))
    ? after(closing)!
    : text;
}

function after(mark: RegExpExecArray | null): string | undefined {
  return mark === null
    ? undefined
    : mark.input.slice(mark.index + mark[0].length).trimStart();
}
