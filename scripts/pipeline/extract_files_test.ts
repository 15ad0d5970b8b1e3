import { assertEquals } from "@std/assert";
import { extractOptionsSchema } from "../../supabase/functions/_shared/archive/options.ts";
import { extractFiles } from "./extract_files.ts";
import { findFiles } from "./find_files.ts";

Deno.test("extractFiles() reads an opencode folder as one archive", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const write = async (path: string, value: object) => {
      const file = `${folder}/${path}`;
      await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), {
        recursive: true,
      });
      await Deno.writeTextFile(file, JSON.stringify(value));
    };
    const stored = { sessionID: "ses_1", messageID: "msg_1" };
    await write("a.json", { prompt: "before", completion: "a" });
    await write("storage/message/ses_1/msg_1.json", {
      id: "msg_1",
      sessionID: "ses_1",
      role: "user",
    });
    await write("storage/part/msg_1/prt_1.json", {
      id: "prt_1",
      ...stored,
      type: "text",
      text: "stored",
    });
    await write("storage/session/p/ses_1.json", {
      id: "ses_1",
      projectID: "p",
      directory: "/",
      title: "Heron",
    });
    await write("z.json", { prompt: "behind", completion: "a" });
    const events = await Array.fromAsync(
      extractFiles(findFiles([folder]), extractOptionsSchema.parse({})),
    );
    assertEquals(
      events.map((event) =>
        event.type === "prompt"
          ? event.prompt.text
          : event.report.path.slice(folder.length)
      ),
      ["before", "/a.json", "stored", "/storage", "behind", "/z.json"],
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
