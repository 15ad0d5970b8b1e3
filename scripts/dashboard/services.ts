/** Storage and functions of a project, as far as the dashboard asks them. */
export interface ServiceCall {
  /** As it is passed on. */
  path: string;
  /** extract-prompts, which is asked to count only. */
  isExtraction: boolean;
}

/** Names that Storage gives to buckets: https://github.com/supabase/storage src/storage/limits.ts */
const BUCKET = /^[\w!.*'() &$@=;:+,?-]{1,100}$/;

/**
 * What a request asks of Storage or a function: which buckets there are, what a folder of one holds,
 * and what archives would give. Undefined: nothing of this, which includes the bytes of an object.
 */
export function toServiceCall(
  method: string,
  pathname: string,
): ServiceCall | undefined {
  if (method === "GET" && pathname === "/storage/v1/bucket") {
    return { path: pathname, isExtraction: false };
  }
  if (method !== "POST") return undefined;
  if (pathname === "/functions/v1/extract-prompts") {
    return { path: pathname, isExtraction: true };
  }
  const [, written] = /^\/storage\/v1\/object\/list\/([^/]+)$/.exec(pathname) ??
    [];
  const bucket = written && decode(written);
  // A gateway could read an encoded slash as one.
  if (!bucket || !BUCKET.test(bucket) || /^\.+$/.test(bucket)) return undefined;
  return {
    path: `/storage/v1/object/list/${encodeURIComponent(bucket)}`,
    isExtraction: false,
  };
}

function decode(word: string): string | undefined {
  try {
    return decodeURIComponent(word);
  } catch {
    return undefined;
  }
}
