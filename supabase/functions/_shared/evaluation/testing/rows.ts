import type { EvaluationRow } from "../evaluation_row.ts";

/** A row of a prompt that succeeded; tests say what matters to them. */
export function aRow(overrides: Partial<EvaluationRow> = {}): EvaluationRow {
  return {
    id: 1,
    promptKey: "k1",
    repetition: 1,
    prompt: "What is the capital of France?",
    system: null,
    earlierTurns: [],
    response: "Paris",
    success: true,
    reference: "Paris",
    passages: null,
    model: "m-1",
    durationMs: 120,
    inputTokens: 10,
    outputTokens: 2,
    cost: 0.001,
    finishReason: "stop",
    toolCalls: null,
    metadata: {},
    ...overrides,
  };
}

/** The row of a prompt that failed with this error code. */
export function aFailedRow(errorCode: string): EvaluationRow {
  return aRow({ response: null, success: false, metadata: { errorCode } });
}
