import { FailedCall } from "./failed_call.ts";

type NetworkCode = "dns" | "tls" | "connection_refused" | "reset" | "network";

/**
 * A connection that could not be made or broke. The message of the cause names
 * the URL with its query, so it must not be passed on.
 */
export class ConnectionFailure extends FailedCall {
  constructor(cause: unknown) {
    const code = codeOfNetworkFailure(cause);
    super({ class: "transient", code, what: WHAT_FAILED[code] }, { cause });
  }
}

const WHAT_FAILED: Record<NetworkCode, string> = {
  dns: "could not be reached: DNS has no answer for its host",
  tls: "could not be reached: the TLS handshake failed",
  connection_refused: "could not be reached: it refused the connection",
  reset: "closed the connection before its answer was complete",
  network: "could not be reached: the connection failed",
};

/** For `catch` of what only the network can make fail. */
export function throwConnectionFailure(cause: unknown): never {
  throw new ConnectionFailure(cause);
}

/** Words of Deno's and hyper's messages, and the code each one means. */
const CODES: [pattern: RegExp, code: NetworkCode][] = [
  [/dns error|lookup address|name or service not known/i, "dns"],
  [/certificate|tls|ssl|handshake/i, "tls"],
  [/refused/i, "connection_refused"],
  [
    /reset|closed|broken pipe|incomplete|unexpected eof|end of file|reading a body|aborted/i,
    "reset",
  ],
];

function codeOfNetworkFailure(error: unknown): NetworkCode {
  const text = messagesOf(error);
  return CODES.find(([pattern]) => pattern.test(text))?.[1] ?? "network";
}

/** Newer Deno keeps the useful words in the cause. */
function messagesOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // The URL could hold any of the words looked for.
  const words = error.message.replace(/https?:\/\/\S+/g, "");
  return error.cause === undefined
    ? words
    : `${words} ${messagesOf(error.cause)}`;
}
