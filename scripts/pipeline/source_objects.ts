import { groupBy } from "../../supabase/functions/_shared/archive/formats/group_by.ts";
import type { SupabaseClient } from "@supabase/supabase-js";
import { dataOf } from "./project_access.ts";

/** An object of Storage. */
export interface StoredObject {
  bucket: string;
  path: string;
}

/** Storage removes at most so many objects a call. */
const MOST = 1_000;

/** The objects that sources of type "supabase" read; each once. */
export async function listObjects(
  client: SupabaseClient,
  sources: { type: string; bucket?: string; prefix?: string }[],
): Promise<StoredObject[]> {
  const places = new Map(
    sources.filter(({ type }) => type === "supabase").map((
      { bucket, prefix = "" },
    ) => [`${bucket}/${prefix}`, { bucket: bucket!, prefix }]),
  );
  const objects: StoredObject[] = [];
  for (const { bucket, prefix } of places.values()) {
    const folder = prefix.replace(/[^/]*$/, "");
    for await (const path of walk(client, bucket, folder)) {
      if (path.startsWith(prefix)) objects.push({ bucket, path });
    }
  }
  return objects;
}

/** Paths of all objects below a folder, which is "" or ends in a slash. */
async function* walk(
  client: SupabaseClient,
  bucket: string,
  folder: string,
): AsyncGenerator<string> {
  for (let offset = 0;; offset += MOST) {
    const page = dataOf(
      `list ${bucket}/${folder}`,
      toAnswer(
        await client.storage.from(bucket).list(folder.replace(/\/$/, ""), {
          limit: MOST,
          offset,
        }),
      ),
    );
    for (const { id, name } of page) {
      // A folder has no id.
      if (id === null) yield* walk(client, bucket, `${folder}${name}/`);
      else yield `${folder}${name}`;
    }
    if (page.length < MOST) return;
  }
}

export async function deleteObjects(
  client: SupabaseClient,
  objects: StoredObject[],
): Promise<void> {
  for (
    const [bucket, stored] of groupBy(objects, ({ bucket }) => bucket)
  ) {
    for (let first = 0; first < stored.length; first += MOST) {
      const paths = stored.slice(first, first + MOST).map(({ path }) => path);
      dataOf(
        `delete objects of ${bucket}`,
        toAnswer(await client.storage.from(bucket).remove(paths)),
      );
    }
  }
}

/** An answer of Storage in the shape of the Data API's. */
function toAnswer<Data>(
  { data, error }: { data: Data; error: Error | null },
) {
  return { data, error, status: 500 };
}
