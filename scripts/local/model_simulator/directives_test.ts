import { assertEquals } from "@std/assert";
import { faultAtCall, readDirectives } from "./directives.ts";

Deno.test("readDirectives() is undefined for a prompt without any", () => {
  assertEquals(readDirectives("Hello [1]"), undefined);
});

Deno.test("readDirectives() reads faults in order and the latency", () => {
  assertEquals(
    readDirectives(
      "a [[fault:500x2]] b [[fault:reset-in-body]] [[latency:80]]",
    ),
    {
      faults: [
        { fault: "500", times: 2 },
        { fault: "reset-in-body", times: Infinity },
      ],
      latencyMs: 80,
    },
  );
});

Deno.test("faultAtCall() goes through the faults one after the other", () => {
  const directives = readDirectives("[[fault:500x2]][[fault:htmlx1]]")!;
  assertEquals([0, 1, 2, 3].map((call) => faultAtCall(directives, call)), [
    "500",
    "500",
    "html",
    undefined,
  ]);
});
