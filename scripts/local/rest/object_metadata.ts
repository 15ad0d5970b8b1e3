import type { PostgresConnection } from "@supabase/lite/postgres";
import { Buffer } from "node:buffer";
import { sql } from "kysely";
import { toLiteName } from "./storage_dialect.ts";

const objectPath = /^\/storage\/v1\/object\/(?!info\/|sign\/)([^/]+)\/(.+)$/;

/**
 * Keeps what an upload tells in `x-metadata`, and forgets what an earlier one told, as Supabase Storage
 * does; lite 0.10.0 passes it over.
 */
export async function keepMetadata(
  request: Request,
  response: Response,
  connection: PostgresConnection,
): Promise<void> {
  const { pathname } = new URL(request.url);
  const [, bucket, path] = objectPath.exec(pathname) ?? [];
  const isUpload = request.method === "POST" || request.method === "PUT";
  if (!isUpload || path === undefined || !response.ok) return;
  const metadata = readMetadata(request.headers.get("x-metadata"));
  await connection.withContext(
    {
      auth: { role: "service_role" },
      storage: { operation: "storage.object.upload" },
    },
    (database) =>
      sql`
        update storage.objects set user_metadata = ${metadata}::text::jsonb
        where bucket_id = ${decodeURIComponent(bucket)}
          and name = ${toLiteName(decodeURIComponent(path))}
      `.execute(database),
  );
}

/** JSON text, or null where there is none; Storage takes no notice of what is not JSON. */
function readMetadata(header: string | null): string | null {
  if (header === null) return null;
  const text = Buffer.from(header, "base64").toString();
  try {
    JSON.parse(text);
    return text;
  } catch {
    return null;
  }
}
