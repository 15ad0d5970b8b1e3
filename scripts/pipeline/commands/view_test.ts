import { assertEquals, assertRejects } from "@std/assert";
import { type Terminal, WrongUsage } from "../command.ts";
import { view } from "./view.ts";

Deno.test("view --out writes no key that is secret", async () => {
  const folder = await Deno.makeTempDir();
  const legacy = `e30.${btoa('{"role":"service_role"}').replaceAll("=", "")}.x`;
  for (const key of [legacy, "sb_secret_a", "sb_publishable_same"]) {
    const terminal: Partial<Terminal> = {
      environment: {
        SUPABASE_URL: "https://project.example",
        SUPABASE_PUBLISHABLE_KEY: key,
        SUPABASE_SECRET_KEY: "sb_publishable_same",
      },
    };
    await assertRejects(
      async () => await view.run(["--out", folder], terminal as Terminal),
      WrongUsage,
      "no key that everybody may see",
    );
  }
  assertEquals(Array.from(Deno.readDirSync(folder)), []);
  await Deno.remove(folder);
});
