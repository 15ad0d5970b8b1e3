import type { Database } from "../database.ts";

/**
 * Tells the database where its functions are, from what the platform tells them: a new project, and a
 * preview branch, whose Vault is empty (https://supabase.com/docs/guides/deployment/branching), wake
 * workers from then on. Asked once an isolate; a URL that is set stays. It never fails: what it could
 * not tell, the next request does.
 */
export function createProjectUrlOffer(
  database: Pick<Database, "call">,
  url: string,
): () => Promise<void> {
  let offered: Promise<unknown> | undefined;
  return async function offerProjectUrl() {
    offered ??= database.call("pipeline_offer_project_url", { url });
    try {
      await offered;
    } catch (error) {
      offered = undefined;
      console.error(error);
    }
  };
}
