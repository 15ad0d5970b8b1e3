import { holdsNul } from "../../supabase/functions/_shared/storable_json.ts";
import { type Terminal, WrongUsage } from "./command.ts";
import { readText } from "./read_text.ts";

/**
 * The values of a file with one JSON value per line, or of standard input for `-`.
 *
 * @throws {WrongUsage} the file cannot be read, or a line is no JSON or holds the character 0, which
 * Postgres cannot store
 */
export async function readJsonLines(
  path: string,
  terminal: Pick<Terminal, "readInput">,
): Promise<unknown[]> {
  const text = await readText(path, terminal);
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    const place = `Cannot read ${path}, line ${index + 1}`;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw new WrongUsage(`${place}: it is no JSON`);
    }
    if (holdsNul(value)) {
      throw new WrongUsage(
        `${place}: it holds the character 0 (\\u0000), which Postgres cannot store. Remove it`,
      );
    }
    return [value];
  });
}
