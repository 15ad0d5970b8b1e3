import type { PostgresConnection } from "@supabase/lite/postgres";
import { jwtVerify } from "jose";
import { sql } from "kysely";
import * as z from "zod";
import type { RestSettings } from "./rest_settings.ts";
import { toLiteName } from "./storage_dialect.ts";

const columns = ["name", "created_at", "updated_at", "last_accessed_at"];

const listingSchema = z.object({
  prefix: z.string().default(""),
  search: z.string().default(""),
  limit: z.number().int().min(1).default(100).transform((limit) =>
    Math.min(limit, 1_500)
  ),
  offset: z.number().int().min(0).default(0),
  sortBy: z.object({
    column: z.enum(columns).default("name"),
    order: z.enum(["asc", "desc"]).default("asc"),
  }).default({ column: "name", order: "asc" }),
});

/**
 * Answers `POST /storage/v1/object/list/<bucket>` as Supabase Storage does: one
 * folder at a time, subfolders first and without an id. lite 0.10.0 lists all
 * objects below the folder instead.
 *
 * @returns undefined for any other request
 */
export async function answerListing(
  request: Request,
  connection: PostgresConnection,
  settings: RestSettings,
): Promise<Response | undefined> {
  const { pathname } = new URL(request.url);
  const bucket = /^\/storage\/v1\/object\/list\/([^/]+)$/.exec(pathname)?.[1];
  if (request.method !== "POST" || bucket === undefined) return undefined;
  const listing = listingSchema.safeParse(
    await request.json().catch(() => undefined),
  );
  if (!listing.success) {
    return refuse(400, "invalid_request", z.prettifyError(listing.error));
  }
  const sender = await readSender(request, settings);
  if (!sender) return refuse(403, "Unauthorized", "Invalid Compact JWS");

  const { prefix, search, limit, offset, sortBy } = listing.data;
  const folder = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
  const lite = toLiteName(folder);
  const direction = sql.raw(sortBy.order);
  const { rows } = await connection.withContext(
    { auth: sender, storage: { operation: "storage.object.list" } },
    (database) =>
      sql`
        with below as (
          select objects.*,
            replace(substr(name, length(${lite}::text) + 1), '%3F', '?') as rest
          from storage.objects
          where bucket_id = ${decodeURIComponent(bucket)}
            and starts_with(name, ${lite}::text)
        ),
        entries as (
          select distinct
            split_part(rest, '/', 1) as name, null::uuid as id,
            null::timestamptz as updated_at, null::timestamptz as created_at,
            null::timestamptz as last_accessed_at, null::jsonb as metadata
          from below where rest like '%/%'
          union all
          select rest, id, updated_at, created_at, last_accessed_at, metadata
          from below where rest not like '%/%'
        )
        select * from entries
        where starts_with(lower(name), lower(${search}::text))
        order by id is not null, ${sql.ref(sortBy.column)} ${direction}, name
        limit ${limit} offset ${offset}
      `.execute(database),
  );
  return Response.json(rows, {
    headers: { "access-control-allow-origin": "*" },
  });
}

/** Who sends a request; undefined when its token is not valid. */
async function readSender(request: Request, settings: RestSettings) {
  const { secretKey, jwtSecret } = settings;
  const bearer = request.headers.get("authorization")?.replace(/^Bearer /, "");
  const keys = [request.headers.get("apikey"), bearer];
  if (keys.includes(secretKey)) return { role: "service_role" };
  if (!bearer || bearer.startsWith("sb_")) return { role: "anon" };
  try {
    const secret = new TextEncoder().encode(jwtSecret);
    const { payload } = await jwtVerify(bearer, secret);
    return { role: String(payload.role), uid: payload.sub, jwt: payload };
  } catch {
    return undefined;
  }
}

function refuse(status: number, error: string, message: string): Response {
  return Response.json({ statusCode: String(status), error, message }, {
    status: 400,
    headers: { "access-control-allow-origin": "*" },
  });
}
