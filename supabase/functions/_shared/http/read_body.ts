import { PipelineError } from "../errors.ts";

/**
 * The JSON of a request, refused while it arrives once it is longer than allowed.
 *
 * @throws {PipelineError} `too_large`, or `invalid_request` when it is no JSON
 */
export async function readBody(
  request: Request,
  maxBytes: number,
): Promise<unknown> {
  if (Number(request.headers.get("content-length")) > maxBytes) {
    await request.body?.cancel();
    throw tooLarge(maxBytes);
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(await new Blob(chunks as BlobPart[]).text());
  } catch (cause) {
    throw new PipelineError(
      "invalid_request",
      "Cannot read the request: the body is not JSON",
      { cause },
    );
  }
}

function tooLarge(maxBytes: number): PipelineError {
  return new PipelineError(
    "too_large",
    `Cannot read the request: the body is longer than ${maxBytes} bytes. Upload archives to Storage and use run_pipeline`,
  );
}
