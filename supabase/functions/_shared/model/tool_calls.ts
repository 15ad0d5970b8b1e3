import { asString, type JsonObject } from "./json_value.ts";

/** A tool call as it is stored and graded: vendors' ids left out. */
export interface ToolCall {
  name: string;
  /** Parsed where it was valid JSON, else the text the model wrote. */
  arguments: unknown;
}

/** The tool call in an object of `name` and arguments. */
export function toToolCall(
  { name, arguments: written, input = written }: JsonObject,
): ToolCall {
  return { name: asString(name) ?? "", arguments: readToolArguments(input) };
}

/** The words of an answer's parts of a type, such as `text`. */
export function textOfParts(parts: JsonObject[], type: string): string {
  return parts.filter((part) => part.type === type)
    .map((part) => asString(part.text) ?? "").join("");
}

/** Reads a tool's arguments, which OpenAI's APIs send as a string of JSON. */
export function readToolArguments(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value; // what the model wrote is the answer to grade, valid or not
  }
}

/**
 * The text of an answer that may consist of tool calls: its words, or else the
 * calls as a JSON array of `{name, arguments}`, so that they can be graded.
 */
export function toAnswerText(text: string, calls: ToolCall[]): string {
  return text !== "" || calls.length === 0 ? text : JSON.stringify(calls);
}
