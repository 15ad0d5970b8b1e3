import type { SupabaseClient } from "@supabase/supabase-js";
import { PipelineError } from "../../supabase/functions/_shared/errors.ts";
import { dataOf } from "./project_access.ts";
import { toSetName } from "./read_source.ts";

/** A version of a set. */
export interface SavedSet {
  id: number;
  name: string;
  version: number;
  prompts: number;
  description: string | null;
}

/** A prompt of a set. */
export interface SetPrompt {
  position: number;
  key: string;
  key_is_given: boolean;
  text: string;
  messages: unknown;
  reference: string | null;
  passages: unknown;
  metadata: unknown;
  parameters: unknown;
  source: unknown;
}

/** @throws {PipelineError} `not_found`: there is no such set */
export async function findSet(
  client: SupabaseClient,
  text: string,
  owner: string | undefined,
): Promise<SavedSet> {
  const { name, version } = toSetName(text);
  const query = client.from("prompt_sets")
    .select("id, name, version, prompts, description").eq("name", name)
    .filter("owner", owner ? "eq" : "is", owner ?? null)
    .order("version", { ascending: false }).limit(1);
  const [saved] = dataOf(
    "find the set",
    await (version === undefined ? query : query.eq("version", version)),
  );
  if (saved) return saved;
  throw new PipelineError(
    "not_found",
    `Cannot find set ${text}. There are: deno task pipeline set list`,
  );
}

/** All prompts of a set in their order, page by page. */
export async function* readSet(
  client: SupabaseClient,
  setId: number,
): AsyncGenerator<SetPrompt> {
  let page: SetPrompt[];
  let after = 0;
  do {
    page = dataOf(
      "read the set",
      await client.from("prompt_set_prompts").select(
        "position, key, key_is_given, text, messages, reference, passages, metadata, parameters, source",
      ).eq("set_id", setId).gt("position", after).order("position").limit(
        1_000,
      ),
    );
    yield* page;
    after = page.at(-1)?.position ?? after;
  } while (page.length > 0);
}
