import { assertEquals } from "@std/assert";
import { createLog, type LogLevel } from "./log.ts";

function collect(least: LogLevel) {
  const lines: string[] = [];
  const write = (level: string) => (line: string) =>
    void lines.push(`${level} ${line}`);
  const log = createLog(least, {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
  });
  return { lines, log };
}

Deno.test("createLog() writes one line of JSON, without facts that are not there", () => {
  const { lines, log } = collect("info");
  log("info", "worker ended", { run: 1, endpoint: undefined, why: "a\nb" });
  assertEquals(lines, [
    String.raw`info {"event":"worker ended","run":1,"why":"a\nb"}`,
  ]);
});

Deno.test("createLog() leaves out what is below its level", () => {
  for (
    const [least, count] of [["debug", 4], ["warn", 2], ["off", 0]] as const
  ) {
    const { lines, log } = collect(least);
    for (const level of ["debug", "info", "warn", "error"] as const) {
      log(level, "e", {});
    }
    assertEquals(lines.length, count);
  }
});
