// Every case of `FAULT_CASES` in every format, against the model simulator on
// loopback: the one test of this folder that opens connections. The simulator may
// run elsewhere: deno test … -- --simulator=URL

import { assertEquals, assertStrictEquals } from "@std/assert";
import { startModelSimulator } from "../../../../scripts/local/model_simulator.ts";
import {
  controlSimulator,
  type SimulatorControl,
} from "../../../../scripts/local/model_simulator/control_simulator.ts";
import { createModelCaller } from "./call_model.ts";
import type { Endpoint } from "./endpoint.ts";
import type { ModelFormatName } from "./formats/known_formats.ts";
import type { ModelResult } from "./model_result.ts";
import { FAULT_CASES } from "./testing/fault_outcomes.ts";

/** An API of typed questions has no words to break off, no tools and no streams. */
type SpokenFormat = Exclude<ModelFormatName, "openai-decisions">;

const ENDPOINTS: Record<SpokenFormat, Partial<Endpoint>> = {
  "openai-chat": { url: "/v1/chat/completions" },
  "openai-responses": { url: "/v1/responses" },
  "anthropic-messages": { url: "/v1/messages" },
  gemini: { url: "/v1beta/models/m-1:generateContent" },
  ollama: { url: "/api/chat" },
  custom: {
    url: "/custom",
    requestTemplate: { prompt: "{{prompt}}" },
    responsePath: {
      text: "result.text",
      inputTokens: "usage.in",
      outputTokens: "usage.out",
    },
  },
};

const SPOKEN_FORMATS = Object.keys(ENDPOINTS) as SpokenFormat[];
const NEVER_ENDS = new Set(["silence", "slow-body"]);

async function withSimulator(
  test: (simulator: SimulatorControl) => Promise<void>,
): Promise<void> {
  const given = Deno.args.find((arg) => arg.startsWith("--simulator="));
  if (given) {
    const simulator = controlSimulator(given.slice("--simulator=".length));
    await simulator.configure({ stream: false });
    return await test(simulator);
  }
  const simulator = await startModelSimulator();
  try {
    await test(controlSimulator(simulator.url));
  } finally {
    await simulator.stop();
  }
}

async function meet(
  fault: string,
  format: SpokenFormat,
  origin: string,
): Promise<ModelResult> {
  const caller = createModelCaller({
    name: "simulated",
    model: "m-1",
    headers: { "x-api-key": "{{secret:KEY}}" },
    timeoutSeconds: NEVER_ENDS.has(fault) ? 0.1 : 10,
    ...ENDPOINTS[format],
    url: origin + ENDPOINTS[format].url,
  }, {
    fetch,
    resolveSecret: () => Promise.resolve("sk-hush"),
    now: Date.now,
    allowPrivateHosts: true,
  });
  const prompt = fault === "" ? "Hello" : `[[fault:${fault}]]`;
  return await caller.call({ prompt, parameters: {} });
}

function outcomeOf(result: ModelResult): string {
  if (result.ok) return `answer ${result.finishReason}`;
  const { class: errorClass, code, retryAfterMs } = result.error;
  const wait = retryAfterMs === undefined
    ? ""
    : ` after ${retryAfterMs / 1000} s`;
  return `${errorClass} ${code}${wait}`;
}

for (const { fault, happens, outcome, except } of FAULT_CASES) {
  Deno.test(`call() meets ${fault} in every format: ${happens}`, () =>
    withSimulator(async (simulator) => {
      for (const format of SPOKEN_FORMATS) {
        const result = await meet(fault, format, simulator.url);
        const expected = except?.[format] ?? outcome;
        assertEquals(
          `${format}: ${outcomeOf(result)}`,
          `${format}: ${expected}`,
        );
        const asked = await simulator.lastRequest();
        assertEquals(asked?.prompt, `[[fault:${fault}]]`);
      }
    }));
}

Deno.test("call() reads text, tokens and model in every format, streamed or not", () =>
  withSimulator(async (simulator) => {
    for (const stream of [false, true]) {
      await simulator.configure({ stream });
      for (const format of SPOKEN_FORMATS) {
        const result = await meet("", format, simulator.url);
        const text = result.ok ? result.text : result.error.message;
        assertEquals(`${format}: ${text}`, `${format}: You said: Hello`);
        assertEquals(result.outputTokens, 4, format);
        const asked = JSON.stringify((await simulator.lastRequest())!.body);
        assertEquals(result.inputTokens, Math.ceil(asked.length / 4), format);
        assertStrictEquals(
          result.model,
          format === "custom" ? "simulated" : "m-1",
        );
      }
    }
  }));

Deno.test("call() guesses the format of an unknown URL from the response", () =>
  withSimulator(async (simulator) => {
    const caller = createModelCaller({
      name: "unknown",
      url: `${simulator.url}/ask`,
      headers: {},
      timeoutSeconds: 10,
    }, {
      fetch,
      resolveSecret: () => Promise.resolve(""),
      now: Date.now,
      allowPrivateHosts: true,
    });
    for (const stream of [false, true]) {
      await simulator.configure({ stream });
      const result = await caller.call({ prompt: "Hi", parameters: {} });
      assertEquals(result.ok && result.text, "You said: Hi");
      assertEquals(result.outputTokens, 3);
    }
  }));
