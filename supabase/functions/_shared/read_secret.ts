import type { Database } from "./database.ts";
import { PipelineError } from "./errors.ts";

/**
 * The value of a secret in Vault.
 *
 * @throws {PipelineError} `not_found`: there is none of that name that Vault can decrypt
 */
export async function readSecret(
  database: Database,
  name: string,
): Promise<string> {
  const secret: string | null = await database.call("pipeline_read_secret", {
    name,
  });
  if (secret !== null) return secret;
  throw new PipelineError(
    "not_found",
    `Cannot find secret "${name}" in Vault, or Vault cannot decrypt it: store it with select pipeline_set_secret('${name}', '…')`,
  );
}
