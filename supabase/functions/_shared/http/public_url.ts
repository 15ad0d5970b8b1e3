import type { Config } from "../config.ts";

/** Where a project is, as its functions are told. */
export type Addresses = Pick<Config, "supabaseUrl" | "publicUrl">;

/**
 * The address by which the world knows the project. On hosted Supabase it is SUPABASE_URL. In Docker
 * that is the inner gateway, such as http://kong:8000: there SUPABASE_PUBLIC_URL says it, or what the
 * gateway tells of the request (X-Forwarded-Host, -Proto and -Port).
 */
export function toPublicUrl(
  { supabaseUrl, publicUrl }: Addresses,
  { headers }: Request,
): string {
  if (publicUrl) return publicUrl;
  const host = headers.get("x-forwarded-host");
  if (!host || new URL(supabaseUrl).hostname.includes(".")) return supabaseUrl;
  const port = headers.get("x-forwarded-port");
  const address = `${headers.get("x-forwarded-proto") ?? "http"}://${host}`;
  const isWhole = /:\d+$/.test(host) || !port;
  // Without the port that its scheme has anyway.
  return URL.parse(isWhole ? address : `${address}:${port}`)?.origin ??
    supabaseUrl;
}
