import { isObject, type Json } from "../json.ts";
import { leaveOut } from "../left_out.ts";

const TEXT_PART_TYPES = new Set(["text", "input_text", "output_text"]);

/** Parts of messages that nobody typed, in the spellings of the APIs, the AI SDK and LangChain. */
export const IGNORED_PARTS = {
  "part/image*": "a picture",
  "part/input_image": "a picture",
  "part/media": "a file",
  "part/audio*": "a sound",
  "part/input_audio": "a sound",
  "part/video*": "a film",
  "part/file*": "a file",
  "part/input_file": "a file",
  "part/document": "a file",
  "part/tool*": "a tool's call or what it answered",
  "part/server_tool_use": "a tool's call",
  "part/mcp_tool*": "a tool's call or what it answered",
  "part/web_search*": "a tool's call or what it answered",
  "part/web_fetch*": "a tool's call or what it answered",
  "part/code_execution*": "a tool's call or what it answered",
  "part/bash_code_execution*": "a tool's call or what it answered",
  "part/function*": "a tool's call or what it answered",
  "part/dynamic-tool": "a tool's call or what it answered",
  "part/thinking": "thoughts of the model",
  "part/redacted_thinking": "thoughts of the model",
  "part/thought": "thoughts of the model",
  "part/reasoning*": "thoughts of the model",
  "part/source*": "where an answer was found",
  "part/citation*": "where an answer was found",
  "part/reference*": "where an answer was found",
  "part/step*": "a mark of the program",
  "part/snapshot": "a mark of the program",
  "part/patch": "a change of files",
  "part/agent": "a mark of the program",
  "part/subtask": "of a sub-agent",
  "part/retry": "an error",
  "part/compaction": "a summary of earlier turns",
  "part/data-*": "data of the program",
  "part/inline*": "a file",
  "part/canvas*": "a document of the model",
  "part/executable*": "code of the model",
  "part/cache*": "a mark of the program",
} as const;

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
  if (!isObject(part)) return "";
  if (part.thought === true) {
    leaveOut("part/thought", part, IGNORED_PARTS);
    return "";
  }
  if (typeof part.type === "string" && !TEXT_PART_TYPES.has(part.type)) {
    leaveOut(`part/${part.type.slice(0, 40)}`, part, IGNORED_PARTS);
    return "";
  }
  // `value` is LLaMA-Factory's, `text: {value}` that of OpenAI threads, `content` OpenTelemetry's.
  const text = part.text ?? part.value ?? part.content;
  if (typeof text === "string") return text;
  if (isObject(text) && typeof text.value === "string") return text.value;
  if (Array.isArray(text)) return textOf(text);
  const [name = "nothing"] = Object.keys(part);
  leaveOut(`part/${name.slice(0, 40)}`, part, IGNORED_PARTS);
  return "";
}
