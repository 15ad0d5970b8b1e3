import { assertEquals } from "@std/assert";
import { createScreen } from "./screen.ts";

function open(isTerminal: boolean, columns = 80, useColour = true) {
  const written: string[] = [];
  const write = (text: string) => void written.push(text);
  const screen = createScreen({ write, isTerminal, columns }, useColour);
  return { screen, written };
}

Deno.test("createScreen() replaces the changing line on a terminal", () => {
  const { screen, written } = open(true);
  screen.update("1");
  screen.update("2");
  screen.print("done");
  assertEquals(written, ["\r\x1b[K1", "\r\x1b[K2", "\r\x1b[K", "done\n"]);
});

Deno.test("createScreen() writes neither escape codes nor updates into a pipe", () => {
  const { screen, written } = open(false);
  screen.update("1");
  screen.print(screen.bold("a") + screen.dim("b"));
  assertEquals(written, ["ab\n"]);
});

Deno.test("createScreen() cuts the changing line at the edge of the window", () => {
  const { screen, written } = open(true, 10);
  screen.update("0123456789");
  assertEquals(written, ["\r\x1b[K012345678"]);
});

Deno.test("createScreen() does without colour when asked to", () => {
  assertEquals(open(true).screen.bold("a"), "\x1b[1ma\x1b[22m");
  assertEquals(open(true, 80, false).screen.bold("a"), "a");
});
