import { PipelineError } from "../errors.ts";
import { FailedCall } from "./failed_call.ts";
import { createScrub, type Scrub } from "./scrub.ts";
import { UnsendableRequest } from "./unsendable_request.ts";

export interface ResolvedHeaders {
  headers: Headers;
  scrub: Scrub;
}

export interface HeaderSource {
  /** Throws `SecretUnavailable`, or `UnsendableRequest` for a bad line. */
  resolve(): Promise<ResolvedHeaders>;
  /** Looks secrets up again at the next call. */
  forget(): void;
}

/** A secret that could not be looked up or cannot be sent; final when trying again cannot help. */
export class SecretUnavailable extends FailedCall {
  constructor(said: string, isFinal: boolean, options?: ErrorOptions) {
    super({
      class: isFinal ? "stop" : "transient",
      code: "secret_unavailable",
      what: "was not called",
      said,
    }, options);
  }
}

const PLACEHOLDER = /\{\{\s*secret:([\w.-]+)\s*\}\}/g;
const KEEP_MS = 60_000;

/**
 * Builds an endpoint's headers, with each `{{secret:NAME}}` looked up when a
 * call is made and kept for 60 s, so that 2,000 calls are not 2,000 look-ups.
 */
export function createHeaderSource(
  headers: Record<string, string>,
  resolveSecret: (name: string) => Promise<string>,
  now: () => number,
): HeaderSource {
  let kept: { resolved: Promise<ResolvedHeaders>; until: number } | undefined;

  return {
    resolve() {
      if (!kept || kept.until <= now()) {
        const resolved = resolveHeaders(headers, resolveSecret);
        kept = { resolved, until: now() + KEEP_MS };
        // A failed look-up is reported to those who wait for it and tried anew.
        resolved.catch(() => kept = undefined);
      }
      return kept.resolved;
    },
    forget() {
      kept = undefined;
    },
  };
}

async function resolveHeaders(
  headers: Record<string, string>,
  resolveSecret: (name: string) => Promise<string>,
): Promise<ResolvedHeaders> {
  const secrets = new Map<string, string>();
  const lines = Object.entries(headers);
  const names = lines.flatMap(([, value]) =>
    [...value.matchAll(PLACEHOLDER)].map(([, name]) => name)
  );
  await Promise.all([...new Set(names)].map(async (name) => {
    secrets.set(name, await lookUp(name, resolveSecret));
  }));
  const filled = lines.map(([header, value]): [string, string] => [
    header,
    value.replace(PLACEHOLDER, (_, name) => secrets.get(name)!),
  ]);
  for (const [header, value] of lines) {
    const literal = literalCredential(header, value);
    if (literal) secrets.set(header.toLowerCase(), literal);
  }
  return { headers: toHeaders(filled), scrub: createScrub(secrets.values()) };
}

/** `Headers` throws for a bad line with a message that quotes its value. */
function toHeaders(lines: [string, string][]): Headers {
  const headers = new Headers();
  for (const [name, value] of lines) {
    try {
      headers.append(name, value);
    } catch {
      throw new UnsendableRequest(
        "header_invalid",
        `Cannot send the header ${JSON.stringify(name)}: its name or value ` +
          "holds a character that a header cannot. Correct the endpoint's headers",
      );
    }
  }
  return headers;
}

async function lookUp(
  name: string,
  resolveSecret: (name: string) => Promise<string>,
): Promise<string> {
  let secret: string;
  try {
    // A line break pasted along with a key is the commonest way to break it.
    secret = (await resolveSecret(name)).trim();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const isMissing = cause instanceof PipelineError &&
      cause.code === "not_found";
    throw new SecretUnavailable(
      `Cannot read the secret ${name}: ${reason}`,
      isMissing,
      { cause },
    );
  }
  // `Headers` would refuse these with a message that quotes the value.
  if (secret === "" || !/^[\t\x20-\x7e\x80-\xff]+$/.test(secret)) {
    throw new SecretUnavailable(
      `Cannot send the secret ${name}: it is empty or holds characters ` +
        "that a header cannot. Store it again",
      true,
    );
  }
  return secret;
}

/** A key written into a header without a secret, as local tools may do. */
function literalCredential(header: string, value: string): string | undefined {
  if (!/authorization|key|token|secret|cookie/i.test(header)) return undefined;
  const credential = value.replace(/^\w+\s+/, "");
  const isLiteral = credential.length >= 8 && !credential.includes("{{");
  return isLiteral ? credential : undefined;
}
