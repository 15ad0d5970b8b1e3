import { delimiter, join } from "node:path";

/** While it is used, `npx` is a script of the shell. */
export async function withNpx(
  script: string,
  use: () => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const path = Deno.env.get("PATH") ?? "";
  await Deno.writeTextFile(join(folder, "npx"), `#!/bin/sh\n${script}\n`, {
    mode: 0o755,
  });
  Deno.env.set("PATH", `${folder}${delimiter}${path}`);
  try {
    await use();
  } finally {
    Deno.env.set("PATH", path);
    await Deno.remove(folder, { recursive: true });
  }
}
