/** A tool call as it is stored and graded: vendors' ids left out. */
export interface ToolCall {
  name: string;
  /** Parsed where it was valid JSON, else the text the model wrote. */
  arguments: unknown;
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
