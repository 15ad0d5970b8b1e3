import type { Turn } from "../conversation.ts";

// Logs of calls repeat the whole history in each call. These two put the calls back together: inside
// of one trace the same prompt is one prompt; in the next trace the same words are a new one.

/** Joins the calls of one trace: a call that repeats or extends the history replaces it. */
export function mergeCalls(calls: Turn[][]): Turn[] {
  let history: Turn[] = [];
  for (const call of calls) {
    const known = promptsOf(history);
    const told = promptsOf(call);
    if (told.length === 0) continue;
    if (startsWith(told, known)) {
      // Equally long: the later call shows the answers to the earlier one's prompts.
      if (told.length > known.length || call.length > history.length) {
        history = call;
      }
    } else if (!startsWith(known, told) && !includesAll(known, told)) {
      history = [...history, ...call.filter(({ role }) => role !== "system")];
    }
  }
  return history;
}

/** Joins the traces of one session, oldest first: a longer history replaces what it repeats. */
export function mergeTraces(traces: Turn[][]): Turn[] {
  let history: Turn[] = [];
  for (const trace of traces) {
    const known = promptsOf(history);
    const told = promptsOf(trace);
    const repeats = known.length > 0 && told.length > known.length &&
      startsWith(told, known);
    history = repeats || history.length === 0
      ? trace
      : [...history, ...trace.filter(({ role }) => role !== "system")];
  }
  return history;
}

function promptsOf(turns: Turn[]): string[] {
  return turns.filter(({ role }) => role === "user").map(({ text }) => text);
}

function startsWith(texts: string[], start: string[]): boolean {
  return start.length <= texts.length &&
    start.every((text, index) => text === texts[index]);
}

function includesAll(texts: string[], others: string[]): boolean {
  const known = new Set(texts);
  return others.every((text) => known.has(text));
}
