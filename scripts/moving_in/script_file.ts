import { PipelineError } from "../../supabase/functions/_shared/errors.ts";
import { readIfPresent } from "./customer_project.ts";

/** @throws {PipelineError} `conflict`: the file is there, with another text than is to be written */
export async function expectFree(file: string, text: string): Promise<void> {
  const before = await readIfPresent(file);
  if (before === undefined || before === text) return;
  throw new PipelineError(
    "conflict",
    `Cannot write ${file}: it is there, with another text. Name another file with --sql`,
  );
}
