import { deepEqual, throws } from "node:assert/strict";
import { readDemoOptions } from "./demo_options.ts";

Deno.test("readDemoOptions() asks the simulator when nothing is given", () => {
  deepEqual(readDemoOptions([], {}), {
    help: false,
    keep: false,
    maxPrompts: undefined,
    model: { kind: "simulated" },
  });
});

Deno.test("readDemoOptions() reads every option", () => {
  const { keep, maxPrompts } = readDemoOptions(
    ["--keep", "--max-prompts", "12"],
    {},
  );
  deepEqual({ keep, maxPrompts }, { keep: true, maxPrompts: 12 });
});

Deno.test("readDemoOptions() says what is wrong with an argument", () => {
  throws(() => readDemoOptions(["--max-prompts", "0"], {}), /--max-prompts 0/);
  throws(() => readDemoOptions(["--max-prompts", ""], {}), /whole number/);
  throws(() => readDemoOptions(["--kepp"], {}), /--kepp/);
});
