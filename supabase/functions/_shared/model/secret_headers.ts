import { PipelineError } from "../errors.ts";
import { FailedCall } from "./failed_call.ts";
import { UnsendableRequest } from "./unsendable_request.ts";

/** Removes every known secret from text that leaves the call. */
export interface Scrub {
  text(text: string): string;
  /** Scrubs every string and key of a JSON value. */
  json(value: unknown): unknown;
}

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
  return { headers: toHeaders(filled), scrub: createScrub(secrets) };
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

/** Scrubs secrets as they are and as JSON, URLs and base64 would write them. */
export function createScrub(secrets: ReadonlyMap<string, string>): Scrub {
  const spellings = [...secrets].flatMap(([name, secret]) =>
    [...new Set(spellingsOf(secret))].map((spelling) => ({ name, spelling }))
  ).sort((a, b) => b.spelling.length - a.spelling.length);

  function scrubText(text: string): string {
    for (const { name, spelling } of spellings) {
      if (text.includes(spelling)) {
        text = text.replaceAll(spelling, `[secret ${name}]`);
      }
    }
    return text;
  }

  function scrubJson(value: unknown): unknown {
    if (typeof value === "string") return scrubText(value);
    if (Array.isArray(value)) return value.map(scrubJson);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map((
        [key, element],
      ) => [scrubText(key), scrubJson(element)]),
    );
  }

  return {
    text: scrubText,
    json: (value) => spellings.length === 0 ? value : scrubJson(value),
  };
}

function spellingsOf(secret: string): string[] {
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    btoa(secret),
  ];
}
