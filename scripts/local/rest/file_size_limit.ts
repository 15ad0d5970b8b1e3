import { join } from "node:path";
import { parse } from "smol-toml";
import * as z from "zod";

const UNITS = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** 50 MiB is also the limit of the Free plan: https://supabase.com/docs/guides/storage/uploads/file-limits */
const schema = z.object({
  storage: z.object({
    file_size_limit: z.string().regex(/^\d+[KMG]?i?B$/).default("50MiB"),
  }).prefault({}),
});

/** How many bytes a file may have that Storage takes, by config.toml of a `supabase` folder. */
export async function readFileSizeLimit(
  supabaseFolder: string,
): Promise<number> {
  const text = await Deno.readTextFile(join(supabaseFolder, "config.toml"));
  const { file_size_limit } = schema.parse(parse(text)).storage;
  const [, number, unit] = /^(\d+)([KMG]?)/.exec(file_size_limit)!;
  return Number(number) * UNITS[unit as keyof typeof UNITS];
}

/**
 * Answers an upload that is longer than allowed as Supabase Storage does, while it
 * comes: lite 0.10.0 knows limits of buckets only.
 *
 * @param answer answers requests that are not too long
 */
export async function limitFileSize(
  request: Request,
  mostBytes: number,
  answer: (request: Request) => Promise<Response>,
): Promise<Response> {
  if (!request.body) return await answer(request);
  let bytes = 0;
  const counted = request.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes > mostBytes) controller.error(new RangeError("too large"));
        else controller.enqueue(chunk);
      },
    }),
  );
  const { method, headers, url } = request;
  const response = await answer(
    new Request(url, { method, headers, body: counted }),
  ).catch((error) => {
    if (bytes > mostBytes) return undefined;
    throw error;
  });
  if (response && bytes <= mostBytes) return response;
  await response?.body?.cancel();
  return Response.json({
    statusCode: "413",
    error: "Payload too large",
    message: "The object exceeded the maximum allowed size",
  }, { status: 400, headers: { "access-control-allow-origin": "*" } });
}
