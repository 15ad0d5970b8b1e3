import { readFile } from "node:fs/promises";

/**
 * The template that options give, each message as text or as `@FILE`; undefined for none.
 *
 * @throws Error a file is not there
 */
export async function readTemplate(
  { template, system }: { template?: string; system?: string },
): Promise<{ system?: string; user?: string } | undefined> {
  if (template === undefined && system === undefined) return undefined;
  return {
    system: await readMessage(system),
    user: await readMessage(template),
  };
}

async function readMessage(
  text: string | undefined,
): Promise<string | undefined> {
  if (!text?.startsWith("@")) return text;
  // Editors end a file with a line break, which nobody means to send.
  return (await readFile(text.slice(1), "utf8")).replace(/\r?\n$/, "");
}
