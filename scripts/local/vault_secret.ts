import type { Sql } from "postgres";

/** Stores a secret in Vault under its name, replacing an earlier one. */
export async function setVaultSecret(
  sql: Sql,
  name: string,
  secret: string,
): Promise<void> {
  const [kept] = await sql`select id from vault.secrets where name = ${name}`;
  if (kept) await sql`select vault.update_secret(${kept.id}, ${secret})`;
  else await sql`select vault.create_secret(${secret}, ${name})`;
}
