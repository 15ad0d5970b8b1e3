import type { Sql } from "postgres";

/** Stores a secret of the pipeline as pipeline_set_secret() does, before there is such a function. */
export async function setVaultSecret(
  sql: Sql,
  name: string,
  secret: string,
): Promise<void> {
  const inVault = `pipeline_${name}`;
  const [kept] =
    await sql`select id from vault.secrets where name = ${inVault}`;
  if (kept) await sql`select vault.update_secret(${kept.id}, ${secret})`;
  else await sql`select vault.create_secret(${secret}, ${inVault})`;
}
