import { fileURLToPath } from "node:url";

const simulator = fileURLToPath(
  new URL("../local/model_simulator.ts", import.meta.url),
);

/** A model simulator in a process of its own, so that it does not share a thread with what is measured. */
export async function startSimulatorProcess(
  args: string[],
): Promise<{ url: string; stop(): Promise<void> }> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", simulator, "--port", "0", ...args],
    stdout: "piped",
  }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream())
    .getReader();
  let output = "";
  while (!output.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("The model simulator ended before it listened");
    output += value;
  }
  return {
    url: output.split("\n", 1)[0].trim(),
    async stop() {
      process.kill();
      await reader.cancel();
      await process.status;
    },
  };
}
