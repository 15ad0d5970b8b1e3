import { assertEquals, assertMatch } from "@std/assert";
import { uploadLocalSource } from "../tool/upload_local_source.ts";
import { type UploadedFile, uploadFiles } from "./upload_files.ts";

const connection = { url: "https://project.test", secretKey: "sb_secret_x" };

interface StoredObject {
  content: string;
  metadata: Record<string, string>;
}

/** As much of Storage as an upload meets; it fails for names with `broken` in them. */
function createStorage() {
  const objects = new Map<string, StoredObject>();
  const send: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const path = decodeURIComponent(
      url.pathname.slice("/storage/v1/object/".length),
    );
    if (path.startsWith("list/")) {
      const { prefix } = await request.json();
      return Response.json(
        [...objects].filter(([name]) => folderOf(name) === prefix)
          .map(([name, { content }]) => ({
            name: name.slice(name.lastIndexOf("/") + 1),
            id: name,
            metadata: { size: content.length, eTag: '"local"' },
          })),
      );
    }
    if (path.startsWith("info/")) {
      const object = objects.get(path.slice("info/archives/".length));
      return object
        ? Response.json({ metadata: object.metadata })
        : Response.json({ statusCode: "404" }, { status: 400 });
    }
    if (request.method === "POST" && path.startsWith("archives/")) {
      const name = path.slice("archives/".length);
      const content = await request.text();
      if (!/^[\w/!.*'() &$=@;:+,?-]+$/.test(name) || name.includes("broken")) {
        return Response.json({ message: `Invalid key: ${name}` }, {
          status: 400,
        });
      }
      const header = request.headers.get("x-metadata");
      const metadata = JSON.parse(
        new TextDecoder().decode(Uint8Array.fromBase64(header ?? "e30=")),
      );
      objects.set(name, { content, metadata });
      return Response.json({ Key: path, Id: "1" });
    }
    return Response.json({ name: "archives" });
  };
  return { objects, send };
}

const folderOf = (name: string) =>
  name.includes("/") ? name.slice(0, name.lastIndexOf("/")) : "";

async function withFolder(
  files: Record<string, string>,
  test: (folder: string) => Promise<void>,
) {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      await Deno.mkdir(`${folder}/${folderOf(name)}`, { recursive: true });
      await Deno.writeTextFile(`${folder}/${name}`, content);
    }
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const outcomes = (files: UploadedFile[]) =>
  files.map(({ path, outcome }) => [path, outcome]);

Deno.test("uploadFiles() gives files whose names Storage refuses an accepted one, the same each time", () =>
  withFolder(
    { "100%.json": "[]", "ok.json": "[]", "äöü/对话.json": "[1]" },
    async (folder) => {
      const { objects, send } = createStorage();
      const upload = () =>
        uploadFiles([folder], connection, {
          bucket: "archives",
          prefix: "2026/",
          fetch: send,
        });
      const first = await upload();
      assertEquals(first.map(({ outcome }) => outcome), [
        "uploaded",
        "uploaded",
        "uploaded",
      ]);
      assertEquals(first.map(({ originalPath }) => originalPath), [
        "2026/100%.json",
        undefined,
        "2026/äöü/对话.json",
      ]);
      for (const { path, originalPath } of first) {
        assertEquals(objects.get(path)?.metadata.originalPath, originalPath);
      }
      assertEquals(
        outcomes(await upload()),
        first.map(({ path }) => [path, "already there"]),
      );
    },
  ));

Deno.test("uploadFiles() sends an edited file of equal size again", () =>
  withFolder({ "a.json": "[1]", "b.json": "[1]" }, async (folder) => {
    const { objects, send } = createStorage();
    const settings = { bucket: "archives", prefix: "", fetch: send };
    await uploadFiles([folder], connection, settings);
    await Deno.writeTextFile(`${folder}/b.json`, "[2]");
    assertEquals(
      outcomes(await uploadFiles([folder], connection, settings)),
      [["a.json", "already there"], ["b.json", "uploaded"]],
    );
    assertEquals(objects.get("b.json")?.content, "[2]");
  }));

Deno.test("uploadFiles() does not put two files under one path", () =>
  withFolder({ "a/x.json": "[1]", "b/x.json": "[2]" }, async (folder) => {
    const { send } = createStorage();
    const files = [`${folder}/a/x.json`, `${folder}/b/x.json`];
    const uploaded = await uploadFiles(files, connection, {
      bucket: "archives",
      prefix: "",
      fetch: send,
    });
    assertEquals(outcomes(uploaded), [["x.json", "uploaded"], [
      "x.json",
      "failed",
    ]]);
    assertMatch(uploaded[1].error!, /a\/x\.json has its path/);
  }));

Deno.test("uploadLocalSource() goes on without a file that cannot be uploaded", () =>
  withFolder({ "broken.json": "[]", "März.json": "[]" }, async (folder) => {
    await Deno.symlink(`${folder}/gone`, `${folder}/nowhere.json`);
    const { objects, send } = createStorage();
    const archives: typeof fetch = (input, init) =>
      send(
        typeof input === "string"
          ? input.replace("/conversation-archives", "/archives")
          : input,
        init,
      );
    const { input, errors } = await uploadLocalSource(
      { dataSource: { type: "local", directory: folder }, model: "m" },
      connection,
      archives,
    );
    const { dataSource } = input as { dataSource: { prefix: string } };
    assertEquals(
      errors.map(({ context }) => context?.file),
      [`${folder}/broken.json`, `${folder}/nowhere.json`],
    );
    assertEquals([...objects.keys()].length, 1);
    assertMatch([...objects.keys()][0], /Marz=[0-9a-f]{8}\.json$/);
    assertEquals([...objects.keys()][0].startsWith(dataSource.prefix), true);
  }));
