/**
 * The URL of a database at the port where a connection is a session's own. At the other one a pooler
 * hands it on after each transaction, and statements that the Supabase CLI has prepared fail
 * (supabase/supabase#29312); a project's reference stays as it is.
 *
 * https://supabase.com/docs/guides/database/connecting-to-postgres
 */
export function sessionUrl(remote: string): string {
  return remote.replace(/(@[^/@]*):6543(?=[/?]|$)/, "$1:5432");
}
