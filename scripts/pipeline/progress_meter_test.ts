import { assertEquals, assertMatch } from "@std/assert";
import { createProgressMeter } from "./progress_meter.ts";

function createFakes(isLive: boolean) {
  const lines: string[] = [];
  let now = 0;
  return {
    lines,
    pass: (milliseconds: number) => now += milliseconds,
    settings: { total: 10, unit: "prompts", now: () => now },
    terminal: {
      isLive,
      columns: 80,
      update: (line: string) => void lines.push(line),
    },
  };
}

Deno.test("createProgressMeter() shows count, rate and time left", () => {
  const { lines, pass, settings, terminal } = createFakes(true);
  const meter = createProgressMeter(settings, terminal);
  pass(2000);
  meter.add(4);
  assertMatch(lines[0], /█+░+ {2}4\/10 prompts {2}2\/s {2}3 s left$/);
  meter.add(1);
  assertEquals(lines.length, 1, "not drawn again at once");
  meter.add(5);
  meter.end();
  assertMatch(lines[1], /10\/10 prompts {2}5\/s\n$/);
});

Deno.test("createProgressMeter() says nothing in a pipe", () => {
  const { lines, settings, terminal } = createFakes(false);
  const meter = createProgressMeter(settings, terminal);
  meter.add(10);
  meter.end();
  assertEquals(lines, []);
});
