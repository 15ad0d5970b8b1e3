import { assert } from "@std/assert";
import { join } from "node:path";
import { checkout } from "../local/checkout.ts";

const read = (path: string) => Deno.readTextFile(join(checkout, path));

Deno.test("docs/hosted.md names the versions that a deployment chooses, as they were tested", async () => {
  const page = (await read("docs/hosted.md")).replace(/\s+/g, " ");
  const { npm }: { npm: Record<string, unknown> } = JSON.parse(
    await read("deno.lock"),
  );
  for (
    const name of ["jose", "@supabase/middleware", "std-env", "iceberg-js"]
  ) {
    const versions = Object.keys(npm).filter((id) => id.startsWith(`${name}@`))
      .map((id) => id.slice(name.length + 1).split("_")[0]);
    assert(
      versions.some((version) => page.includes(`${name} ${version}`)),
      `${name} ${versions} is not in docs/hosted.md`,
    );
  }
});
