import { contentType } from "@std/media-types/content-type";

/**
 * Answers what Studio's pages load from `/static/`: scripts, styles and fonts,
 * which lite serves by its command line and not by its `App`; null: something
 * else was asked for.
 */
export async function answerWithStudioAsset(
  request: Request,
): Promise<Response | null> {
  const { pathname } = new URL(request.url);
  if (!pathname.startsWith("/static/")) return null;
  const asset = new URL(`.${pathname}`, import.meta.resolve("@supabase/lite"));
  try {
    const { readable } = await Deno.open(asset);
    const extension = pathname.slice(pathname.lastIndexOf("."));
    return new Response(readable, {
      headers: {
        "content-type": contentType(extension) ?? "application/octet-stream",
      },
    });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return new Response(`Studio has no ${pathname}`, { status: 404 });
  }
}
