import { readFile } from "node:fs/promises";
import { type Terminal, WrongUsage } from "./command.ts";

/** The text of a file, or of standard input for `-`. @throws {WrongUsage} it cannot be read */
export async function readText(
  file: string,
  { readInput }: Partial<Pick<Terminal, "readInput">> = {},
): Promise<string> {
  if (file === "-" && readInput) return await readInput();
  return await readFile(file, "utf8").catch((error) => {
    throw new WrongUsage(`Cannot read ${file}: ${error.message}`);
  });
}

/** A text as it was given, or `@FILE`. @throws {WrongUsage} the file cannot be read */
export async function readGiven<Given extends string | undefined>(
  given: Given,
): Promise<Given | string> {
  if (!given?.startsWith("@")) return given;
  // Editors end a file with a line break, which nobody means to send.
  return (await readText(given.slice(1))).replace(/\r?\n$/, "");
}
