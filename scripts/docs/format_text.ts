/** Lays text out as `deno fmt` does, which the checks of this project ask for. */
export async function formatText(
  text: string,
  language: "md" | "ts" | "json",
): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", `--ext=${language}`, "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(
    `Cannot format ${language}: ${new TextDecoder().decode(stderr)}`,
  );
}
