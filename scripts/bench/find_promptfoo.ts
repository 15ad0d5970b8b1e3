/** An installed promptfoo. */
export interface Promptfoo {
  /** Path or name of the executable. */
  executable: string;
  version: string;
}

/**
 * Finds promptfoo: the executable that PROMPTFOO names, or `promptfoo` in PATH.
 *
 * @returns null when it is not installed
 * @throws Error when PROMPTFOO names something that does not run
 */
export async function findPromptfoo(
  env: Pick<typeof Deno.env, "get"> = Deno.env,
): Promise<Promptfoo | null> {
  const named = env.get("PROMPTFOO");
  const executable = named ?? "promptfoo";
  try {
    const { success, stdout, stderr } = await new Deno.Command(executable, {
      args: ["--version"],
      env: quietPromptfoo,
      stdin: "null",
    }).output();
    const [said, complaint] = [stdout, stderr].map((bytes) =>
      new TextDecoder().decode(bytes).trim()
    );
    if (success) return { executable, version: said };
    throw new Error(`Cannot run ${executable} --version: ${complaint}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    if (named === undefined) return null;
    throw new Error(
      `Cannot find ${named}: PROMPTFOO must name promptfoo's executable, such as node_modules/.bin/promptfoo`,
    );
  }
}

/** Environment in which promptfoo neither reports its use nor looks for updates. */
export const quietPromptfoo: Record<string, string> = {
  PROMPTFOO_DISABLE_TELEMETRY: "1",
  PROMPTFOO_DISABLE_UPDATE: "1",
};
