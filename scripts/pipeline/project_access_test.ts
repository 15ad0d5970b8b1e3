import { assertEquals } from "@std/assert";
import { allowsPrivateHosts } from "./project_access.ts";

Deno.test("allowsPrivateHosts() takes the models of a local project to be local, unless told otherwise", () => {
  for (
    const [url, choice, allows] of [
      ["http://127.0.0.1:54321", undefined, true],
      ["http://localhost:54321", undefined, true],
      ["http://127.0.0.1:54321", "false", false],
      ["https://abc.supabase.co", undefined, false],
      ["http://127.0.0.1.example.org", undefined, false],
      [undefined, undefined, false],
      ["https://abc.supabase.co", "true", true],
    ] as const
  ) {
    assertEquals(
      allowsPrivateHosts({
        SUPABASE_URL: url,
        PIPELINE_ALLOW_PRIVATE_HOSTS: choice,
      }),
      allows,
    );
  }
});
