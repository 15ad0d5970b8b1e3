import type { Fault } from "./faults.ts";

/** What a prompt asks to happen to it. */
export interface Directives {
  faults: { fault: Fault; times: number }[];
  latencyMs?: number;
}

const FAULT = /\[\[fault:([a-z0-9-]+?)(?:x(\d+))?\]\]/g;
const LATENCY = /\[\[latency:(\d+)\]\]/;

/**
 * Reads `[[fault:NAME]]` (always), `[[fault:NAMExN]]` (the first N calls; one
 * after the other if there are several) and `[[latency:MS]]` out of a prompt.
 */
export function readDirectives(prompt: string): Directives | undefined {
  if (!prompt.includes("[[")) return undefined;
  const latency = LATENCY.exec(prompt);
  return {
    faults: [...prompt.matchAll(FAULT)].map(([, fault, times]) => ({
      fault: fault as Fault,
      times: times === undefined ? Infinity : Number(times),
    })),
    latencyMs: latency ? Number(latency[1]) : undefined,
  };
}

/** The fault due at the given call (0 for the first) of a prompt. */
export function faultAtCall(
  directives: Directives,
  call: number,
): Fault | undefined {
  for (const { fault, times } of directives.faults) {
    if (call < times) return fault;
    call -= times;
  }
}
