import { FailedCall } from "./failed_call.ts";
import { throwConnectionFailure } from "./network_failure.ts";

/** A response body above the limit; reading it was given up. */
export class ResponseTooLarge extends FailedCall {
  constructor(limitBytes: number) {
    super({
      class: "permanent",
      code: "response_too_large",
      what: "sent a response above the limit",
      said: `more than ${limitBytes} bytes`,
    });
  }
}

/**
 * Yields a body's text as it arrives and throws `ResponseTooLarge` as soon as
 * more than `limitBytes` came, counted after decompression: `content-length`
 * says nothing about what a compressed body grows to.
 *
 * Throws `ConnectionFailure` when the body breaks off. Whoever stops early ends
 * the connection.
 */
export async function* readChunks(
  response: Response,
  limitBytes: number,
): AsyncGenerator<string> {
  if (!response.body) return;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let received = 0;
  try {
    while (true) {
      const { done, value } = await reader.read().catch(
        throwConnectionFailure,
      );
      if (done) break;
      received += value.byteLength;
      if (received > limitBytes) {
        throw new ResponseTooLarge(limitBytes);
      }
      yield decoder.decode(value, { stream: true });
    }
    yield decoder.decode();
  } finally {
    await discard(reader);
  }
}

/**
 * The beginning of a body as text, without the character 0, which Postgres cannot store. A body that
 * breaks off is shorter.
 */
export async function readBeginning(
  response: Response,
  mostBytes: number,
): Promise<string> {
  let text = "";
  try {
    for await (const chunk of readChunks(response, Infinity)) {
      text += chunk;
      if (text.length >= mostBytes) break;
    }
  } catch {
    // Whoever wants only the beginning has the status, which decides.
  }
  return text.slice(0, mostBytes).replaceAll("\0", "");
}

/**
 * The whole body as text, within the same limit. A body that says how long it is, and is not
 * compressed, is read in one piece, for less than half of the processor time.
 */
export async function readText(
  response: Response,
  limitBytes: number,
): Promise<string> {
  if (plainLengthOf(response) <= limitBytes) {
    return await response.text().catch(throwConnectionFailure);
  }
  let text = "";
  for await (const chunk of readChunks(response, limitBytes)) text += chunk;
  return text;
}

/**
 * Bytes of a body that cannot grow by being decompressed; infinite when nobody knows. With both
 * headers the length is not that of the body: https://www.rfc-editor.org/rfc/rfc9112#section-6.3
 */
function plainLengthOf({ headers }: Response): number {
  const length = headers.get("content-length");
  return length === null || headers.has("content-encoding") ||
      headers.has("transfer-encoding")
    ? Infinity
    : Number(length);
}

async function discard(
  body: ReadableStreamDefaultReader<Uint8Array>,
): Promise<void> {
  // A body that is already broken has reported so to its reader.
  await body.cancel().catch(() => undefined);
}
