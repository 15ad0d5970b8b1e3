import { LimitedBytesTransformStream } from "@std/streams/limited-bytes-transform-stream";
import { PipelineError } from "../errors.ts";
import { quoteLongIntegers } from "../quote_long_integers.ts";

const MOST_LEVELS = 200;

/**
 * The JSON of a request, refused while it arrives once it is longer than allowed. Integers that a
 * JavaScript number cannot hold come as text.
 *
 * @throws {PipelineError} `too_large`, or `invalid_request` when it is no JSON or nested deeper than
 * 200 levels
 */
export async function readBody(
  request: Request,
  maxBytes: number,
): Promise<unknown> {
  if (Number(request.headers.get("content-length")) > maxBytes) {
    await request.body?.cancel();
    throw tooLarge(maxBytes);
  }
  const body = request.body?.pipeThrough(
    new LimitedBytesTransformStream(maxBytes, { error: true }),
  );
  const text = await new Response(body).text().catch((error) => {
    throw error instanceof RangeError ? tooLarge(maxBytes) : error;
  });
  if (isNestedTooDeep(text)) {
    throw new PipelineError(
      "invalid_request",
      `Cannot read the request: its JSON is nested deeper than ${MOST_LEVELS} levels`,
    );
  }
  try {
    return JSON.parse(quoteLongIntegers(text));
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

/**
 * Before it is parsed: each level of ten million brackets takes memory, and whoever walks through
 * the value afterwards takes a level of the stack for each.
 */
function isNestedTooDeep(text: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (isInString) {
      if (character === "\\") index++;
      else if (character === '"') isInString = false;
    } else if (character === '"') isInString = true;
    else if (character === "[" || character === "{") {
      if (++depth > MOST_LEVELS) return true;
    } else if (character === "]" || character === "}") depth--;
  }
  return false;
}
