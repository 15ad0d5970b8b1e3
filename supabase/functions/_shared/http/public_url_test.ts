import { assertEquals } from "@std/assert";
import { toPublicUrl } from "./public_url.ts";

const inner = { supabaseUrl: "http://kong:8000", publicUrl: undefined };

function publicUrl(
  config: Parameters<typeof toPublicUrl>[0],
  headers: Record<string, string> = {},
) {
  return toPublicUrl(config, new Request("http://localhost", { headers }));
}

Deno.test("toPublicUrl() is SUPABASE_URL on hosted Supabase, whatever a request says", () => {
  const supabaseUrl = "https://p.supabase.co";
  assertEquals(
    publicUrl({ supabaseUrl, publicUrl: undefined }, {
      "x-forwarded-host": "evil.example",
    }),
    supabaseUrl,
  );
});

Deno.test("toPublicUrl() is what is configured", () => {
  const configured = { ...inner, publicUrl: "https://api.example.com" };
  assertEquals(
    publicUrl(configured, { "x-forwarded-host": "127.0.0.1" }),
    "https://api.example.com",
  );
});

Deno.test("toPublicUrl() is what the gateway tells of the request", () => {
  const forwarded = { "x-forwarded-host": "127.0.0.1" };
  for (
    const [headers, url] of [
      [{ "x-forwarded-port": "54321" }, "http://127.0.0.1:54321"],
      [
        { "x-forwarded-port": "443", "x-forwarded-proto": "https" },
        "https://127.0.0.1",
      ],
      [
        { "x-forwarded-host": "api.example.com:8443" },
        "http://api.example.com:8443",
      ],
      [{ "x-forwarded-host": "no host" }, "http://kong:8000"],
    ] as [Record<string, string>, string][]
  ) assertEquals(publicUrl(inner, { ...forwarded, ...headers }), url);
  assertEquals(publicUrl(inner), "http://kong:8000");
});
