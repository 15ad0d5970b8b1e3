import { assertEquals, assertStrictEquals } from "@std/assert";
import { join } from "node:path";
import { checkout } from "../../../scripts/local/checkout.ts";
import { findFencedBlocks } from "../../../scripts/test/fenced_blocks.ts";
import { withProject } from "./project.ts";

Deno.test("the commands of docs/http.md print what the page says", () =>
  withProject(async (project) => {
    const folder = await Deno.makeTempDir();
    await Deno.symlink(join(checkout, "scripts"), join(folder, "scripts"));
    const page = await Deno.readTextFile(join(checkout, "docs/http.md"));
    const blocks = findFencedBlocks(page);
    let run = 0;
    for (const [index, { language, text }] of blocks.entries()) {
      if (language !== "sh") continue;
      const { code, stdout, stderr } = await new Deno.Command("bash", {
        args: ["-euo", "pipefail", "-c", text],
        cwd: folder,
        env: {
          URL: project.url,
          KEY: project.secretKey,
          MODEL_ENDPOINT: `${project.model.url}/v1/chat/completions`,
          MODEL: "simulated",
        },
      }).output();
      const decoder = new TextDecoder();
      assertEquals(code, 0, decoder.decode(stderr));
      assertStrictEquals(decoder.decode(stdout), blocks[index + 1].text);
      run++;
    }
    assertEquals(run, 2);
    await Deno.remove(folder, { recursive: true });
  }));
