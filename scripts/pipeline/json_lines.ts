import { readFile } from "node:fs/promises";
import { type Terminal, WrongUsage } from "./command.ts";

/**
 * The values of a file with one JSON value per line, or of standard input for `-`.
 *
 * @throws {WrongUsage} the file cannot be read, or a line is no JSON
 */
export async function readJsonLines(
  path: string,
  terminal: Pick<Terminal, "readInput">,
): Promise<unknown[]> {
  const text = path === "-"
    ? await terminal.readInput()
    : await readFile(path, "utf8").catch((error) => {
      throw new WrongUsage(`Cannot read ${path}: ${error.message}`);
    });
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    try {
      return [JSON.parse(line)];
    } catch {
      throw new WrongUsage(
        `Cannot read ${path}, line ${index + 1}: it is no JSON`,
      );
    }
  });
}
