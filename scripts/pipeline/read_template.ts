import { readGiven } from "./read_text.ts";

/**
 * The template that options give, each message as text or as `@FILE`; undefined for none.
 *
 * @throws {WrongUsage} a file is not there
 */
export async function readTemplate(
  { template, system }: { template?: string; system?: string },
): Promise<{ system?: string; user?: string } | undefined> {
  if (template === undefined && system === undefined) return undefined;
  return { system: await readGiven(system), user: await readGiven(template) };
}
