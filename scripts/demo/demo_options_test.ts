import { assertEquals, assertThrows } from "@std/assert";
import { readDemoOptions } from "./demo_options.ts";

Deno.test("readDemoOptions() asks the simulator when nothing is given", () => {
  assertEquals(readDemoOptions([], {}), {
    help: false,
    keep: false,
    port: undefined,
    dataDir: undefined,
    maxPrompts: undefined,
    model: { kind: "simulated" },
  });
});

Deno.test("readDemoOptions() reads every option", () => {
  const { keep, port, dataDir, maxPrompts } = readDemoOptions(
    ["--keep", "--max-prompts", "12", "--port", "6000", "--data", "d"],
    {},
  );
  assertEquals([keep, port, dataDir, maxPrompts], [true, 6_000, "d", 12]);
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
