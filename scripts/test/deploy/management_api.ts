import { dirname, join, normalize } from "node:path";
import * as z from "zod";
import type { FunctionSettings } from "../../local/functions/function_settings.ts";
import { listen } from "../../local/gateway/listen.ts";

/** A stand-in of Supabase's Management API, as far as a deploy of functions needs it. */
export interface ManagementApi {
  /** Its origin. */
  url: string;
  /** The functions that are live, by their name. */
  deployed(): FunctionSettings[];
  /** What was sent to the database, in order. */
  statements: string[];
  stop(): Promise<void>;
}

/** What the CLI says of the files that it uploads; paths are relative to the project. */
const metadataSchema = z.object({
  name: z.string().regex(/^[\w-]+$/),
  entrypoint_path: z.string(),
  import_map_path: z.string(),
  verify_jwt: z.boolean(),
});

const activatedSchema = z.array(z.object({ slug: z.string() }));

/**
 * Starts the stand-in. A function is unpacked into a folder of its own, so that it
 * finds nothing but what was uploaded for it, and goes live when it is activated.
 *
 * @param folder takes what is uploaded
 */
export function startManagementApi(folder: string): ManagementApi {
  const uploaded = new Map<string, FunctionSettings>();
  const live = new Set<string>();
  const statements: string[] = [];

  async function upload(request: Request): Promise<Response> {
    const form = await request.formData();
    const metadata = metadataSchema.parse(
      JSON.parse(String(form.get("metadata"))),
    );
    const { name } = metadata;
    const own = join(folder, name);
    for (const file of form.getAll("file")) {
      if (typeof file === "string") throw new TypeError("A file has no name");
      const path = join(own, insideOf(file.name));
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeFile(path, new Uint8Array(await file.arrayBuffer()));
    }
    uploaded.set(name, {
      name,
      entry: join(own, insideOf(metadata.entrypoint_path)),
      importMap: join(own, insideOf(metadata.import_map_path)),
      verifyJwt: metadata.verify_jwt,
    });
    return Response.json({ ...describe(name), ...metadata }, { status: 201 });
  }

  async function activate(request: Request): Promise<Response> {
    for (const { slug } of activatedSchema.parse(await request.json())) {
      live.add(slug);
    }
    return Response.json({ functions: [...live].map(describe) });
  }

  const { port, stop } = listen(0, async (request) => {
    const { pathname } = new URL(request.url);
    try {
      switch (
        `${request.method} ${pathname.replace(/^\/v1\/projects\/\w+/, "")}`
      ) {
        case "POST /functions/deploy":
          return await upload(request);
        case "PUT /functions":
          return await activate(request);
        case "POST /database/query":
          statements.push((await request.json()).query);
          return Response.json([], { status: 201 });
        case "GET ":
          return Response.json({ name: "stand-in", status: "ACTIVE_HEALTHY" });
      }
    } catch (error) {
      return Response.json({ message: String(error) }, { status: 400 });
    }
    return Response.json({ message: `No ${pathname} here` }, { status: 404 });
  });

  return {
    url: `http://127.0.0.1:${port}`,
    statements,
    deployed: () =>
      [...uploaded.values()].filter(({ name }) => live.has(name))
        .sort((a, b) => a.name < b.name ? -1 : 1),
    stop,
  };
}

/** A path of an upload that cannot lead out of its folder. */
function insideOf(path: string): string {
  const normal = normalize(path);
  if (normal.startsWith("..") || normal.startsWith("/")) {
    throw new RangeError(`The path ${path} leads out of the project`);
  }
  return normal;
}

function describe(slug: string) {
  return {
    id: slug,
    slug,
    name: slug,
    version: 1,
    status: "ACTIVE",
    created_at: 0,
    updated_at: 0,
  };
}
