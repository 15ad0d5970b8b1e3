import { isObject, type Json } from "../json.ts";

const TEXT_PART_TYPES = new Set(["text", "input_text", "output_text"]);

/**
 * The words in a message's content, whichever way it is written: a string, a list of parts, a list
 * with raw strings, or an object. Parts are joined by a newline. Images, files, tool calls, tool
 * results and thoughts give nothing.
 */
export function textOf(content: Json | undefined): string {
  if (typeof content === "string") return content;
  if (Array.isArray(content)) {
    let text = "";
    for (const part of content) {
      const words = partText(part);
      if (words !== "") text = text === "" ? words : `${text}\n${words}`;
    }
    return text;
  }
  if (!isObject(content)) return "";
  return Array.isArray(content.parts)
    ? textOf(content.parts)
    : partText(content);
}

function partText(part: Json): string {
  if (typeof part === "string") return part;
  if (!isObject(part) || part.thought === true) return "";
  if (typeof part.type === "string" && !TEXT_PART_TYPES.has(part.type)) {
    return "";
  }
  // `value` is LLaMA-Factory's, `text: {value}` that of OpenAI threads, `content` OpenTelemetry's.
  const text = part.text ?? part.value ?? part.content;
  if (typeof text === "string") return text;
  return isObject(text) && typeof text.value === "string" ? text.value : "";
}
