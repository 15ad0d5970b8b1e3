import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  type ModelSimulator,
  type ModelSimulatorOptions,
  startModelSimulator,
} from "./model_simulator.ts";

async function withSimulator(
  options: ModelSimulatorOptions,
  use: (simulator: ModelSimulator) => Promise<void>,
): Promise<void> {
  const simulator = await startModelSimulator(options);
  try {
    await use(simulator);
  } finally {
    await simulator.stop();
  }
}

function ask(
  simulator: ModelSimulator,
  prompt: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${simulator.url}/v1/chat/completions`, {
    method: "POST",
    headers,
    body: JSON.stringify({
      model: "m-1",
      messages: [{ role: "user", content: prompt }],
    }),
  });
}

async function statusesOf(
  simulator: ModelSimulator,
  prompts: string[],
): Promise<number[]> {
  const statuses: number[] = [];
  for (const prompt of prompts) {
    const response = await ask(simulator, prompt);
    await response.body?.cancel();
    statuses.push(response.status);
  }
  return statuses;
}

Deno.test("startModelSimulator() answers chat from the prompt and counts", async () => {
  await withSimulator({}, async (simulator) => {
    const body = await (await ask(simulator, "Hello")).json();
    assertEquals(body.model, "m-1");
    assertEquals(body.choices[0].message.content, "You said: Hello");
    assertEquals(simulator.count(), 1);
    assertEquals(simulator.requests[0].prompt, "Hello");
    assertEquals(simulator.requests[0].status, 200);
  });
});

Deno.test("startModelSimulator() fails as often as a prompt says", async () => {
  await withSimulator({}, async (simulator) => {
    const prompt = "[[fault:500x2]][[fault:429]]";
    assertEquals(
      await statusesOf(simulator, [prompt, "other", prompt, prompt]),
      [
        500,
        200,
        500,
        429,
      ],
    );
  });
});

Deno.test("startModelSimulator() answers 501 to a fault it does not know", async () => {
  await withSimulator({}, async (simulator) => {
    assertEquals(await statusesOf(simulator, ["[[fault:hiccup]]"]), [501]);
  });
});

Deno.test("startModelSimulator() sends Retry-After with 429", async () => {
  await withSimulator({ retryAfter: "7" }, async (simulator) => {
    const response = await ask(simulator, "[[fault:429]]");
    await response.body?.cancel();
    assertEquals(response.headers.get("retry-after"), "7");
  });
});

Deno.test("startModelSimulator() enforces its requests per minute", async () => {
  await withSimulator({ requestsPerMinute: 2 }, async (simulator) => {
    assertEquals(await statusesOf(simulator, ["a", "b", "c"]), [200, 200, 429]);
  });
});

Deno.test("startModelSimulator() repeats its random faults for a seed", async () => {
  const prompts = Array.from({ length: 30 }, (_, index) => `p${index}`);
  const seen: number[][] = [];
  for (const seed of [1, 1, 2]) {
    await withSimulator(
      { seed, faultRates: { "500": 0.5 } },
      async (simulator) => {
        seen.push(await statusesOf(simulator, prompts));
      },
    );
  }
  assertEquals(seen[0], seen[1]);
  assertEquals(seen[0].join() === seen[2].join(), false);
  assertEquals(seen[0].includes(200) && seen[0].includes(500), true);
});

Deno.test("startModelSimulator() resets a connection before the answer", async () => {
  await withSimulator({}, async (simulator) => {
    await assertRejects(() => ask(simulator, "[[fault:reset]]"), TypeError);
    assertEquals(simulator.requests[0].status, 0);
  });
});

Deno.test("startModelSimulator() breaks a body off half way", async () => {
  await withSimulator({}, async (simulator) => {
    const response = await ask(simulator, "[[fault:reset-in-body]]");
    assertEquals(response.status, 200);
    await assertRejects(() => response.text(), TypeError);
  });
});

Deno.test("startModelSimulator() wants its key and never records it", async () => {
  await withSimulator({ apiKey: "hush" }, async (simulator) => {
    const refused = await ask(simulator, "a");
    assertEquals(refused.status, 401);
    await refused.body?.cancel();
    const accepted = await ask(simulator, "a", {
      authorization: "Bearer hush",
    });
    assertEquals(accepted.status, 200);
    await accepted.body?.cancel();
    assertEquals(JSON.stringify(simulator.requests).includes("hush"), false);
    assertEquals(simulator.requests[1].headers.authorization, "[hidden]");
  });
});

Deno.test("startModelSimulator() streams when told to", async () => {
  await withSimulator({ stream: true }, async (simulator) => {
    const response = await ask(simulator, "Hello");
    assertEquals(response.headers.get("content-type"), "text/event-stream");
    assertMatch(await response.text(), /You said.*data: \[DONE\]\n\n$/s);
  });
});

Deno.test("startModelSimulator() reports and is changed over HTTP", async () => {
  await withSimulator({}, async (simulator) => {
    await statusesOf(simulator, ["a"]);
    const changed = await fetch(`${simulator.url}/simulator`, {
      method: "POST",
      body: JSON.stringify({ apiKey: "other" }),
    });
    const { lastRequest, ...counts } = await changed.json();
    assertEquals(counts, { count: 1, inFlight: 0, peakInFlight: 1 });
    assertEquals(lastRequest.prompt, "a");
    assertEquals(await statusesOf(simulator, ["a"]), [401]);
  });
});

Deno.test("startModelSimulator() knows how many calls were in flight", async () => {
  await withSimulator({ latency: 30 }, async (simulator) => {
    await Promise.all(
      ["a", "b", "c"].map((prompt) =>
        ask(simulator, prompt).then((response) => response.text())
      ),
    );
    assertEquals(simulator.peakInFlight(), 3);
  });
});

Deno.test("stop() ends calls that would never be answered", async () => {
  const simulator = await startModelSimulator({ latency: 1 });
  const call = ask(simulator, "[[fault:silence]]");
  const outcome = assertRejects(() => call, TypeError);
  while (simulator.requests.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await simulator.stop();
  await outcome;
});
