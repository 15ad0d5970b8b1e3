import { assertEquals, assertThrows } from "@std/assert";
import { readDemoOptions } from "./demo_options.ts";

Deno.test("readDemoOptions() asks the simulator when nothing is given", () => {
  assertEquals(readDemoOptions([], {}), {
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
  assertEquals({ keep, maxPrompts }, { keep: true, maxPrompts: 12 });
});

Deno.test("readDemoOptions() says what is wrong with an argument", () => {
  assertThrows(
    () => readDemoOptions(["--max-prompts", "0"], {}),
    Error,
    "--max-prompts 0",
  );
  assertThrows(
    () => readDemoOptions(["--max-prompts", ""], {}),
    Error,
    "whole number",
  );
  assertThrows(() => readDemoOptions(["--kepp"], {}), Error, "--kepp");
});
