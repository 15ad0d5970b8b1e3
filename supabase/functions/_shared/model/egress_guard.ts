import ipaddr from "ipaddr.js";

/** Asks DNS for the addresses of a host; `Deno.resolveDns` has this shape. */
export type ResolveDns = (
  host: string,
  recordType: "A" | "AAAA",
) => Promise<string[]>;

export interface EgressGuardOptions {
  /**
   * Opens http and private addresses, for local use only: the caller passes
   * whether the environment says `PIPELINE_ALLOW_PRIVATE_HOSTS=true`.
   */
  allowPrivateHosts: boolean;
  /** Without it, or where it is not permitted, names are judged by spelling. */
  resolveDns?: ResolveDns;
  /** Milliseconds; any clock that only goes forward. */
  now(): number;
}

/**
 * `refused` is final; `unresolved` means that DNS gave no answer this time.
 * The reason never contains the URL's path, query or user information.
 */
export type EgressVerdict =
  | { verdict: "allowed" }
  | { verdict: "refused" | "unresolved"; reason: string };

export interface EgressGuard {
  check(url: URL): Promise<EgressVerdict>;
}

const ALLOWED: EgressVerdict = { verdict: "allowed" };
const CACHE_MS = 30_000;
const CACHE_HOSTS = 1000;

/**
 * Keeps calls to user-given URLs out of private networks: https only, no user
 * information, no private, loopback, link-local, unique-local, CGNAT,
 * multicast, unspecified or metadata address, written in any way or behind a
 * DNS name (every answer is checked). Verdicts are kept for 30 s per host.
 *
 * What it cannot do: `fetch` resolves the name again, so an attacker who
 * controls its DNS can answer differently the second time (rebinding). That
 * reaches only services which present a valid certificate for the attacker's
 * own name, because https is required, and redirects are never followed.
 */
export function createEgressGuard(options: EgressGuardOptions): EgressGuard {
  const { allowPrivateHosts, resolveDns, now } = options;
  const verdicts = new Map<string, { verdict: EgressVerdict; until: number }>();

  async function check(url: URL): Promise<EgressVerdict> {
    if (url.username !== "" || url.password !== "") {
      return refuse(url, "the URL holds a user name or password: use a header");
    }
    if (
      url.protocol !== "https:" &&
      !(allowPrivateHosts && url.protocol === "http:")
    ) {
      return refuse(url, "only https is allowed");
    }
    if (allowPrivateHosts) return ALLOWED;
    const cached = verdicts.get(url.hostname);
    if (cached && cached.until > now()) return cached.verdict;
    const verdict = await checkHost(url, resolveDns);
    if (verdict.verdict !== "unresolved") {
      if (verdicts.size >= CACHE_HOSTS) verdicts.clear();
      verdicts.set(url.hostname, { verdict, until: now() + CACHE_MS });
    }
    return verdict;
  }

  return { check };
}

async function checkHost(
  url: URL,
  resolveDns: ResolveDns | undefined,
): Promise<EgressVerdict> {
  // The URL parser has turned decimal, octal, hex and full-width spellings of
  // an IPv4 address into dotted form, and percent-encoded names into plain ones.
  const host = url.hostname.replace(/\.+$/, "").replace(/^\[|\]$/g, "");
  if (ipaddr.isValid(host)) {
    return isPublicAddress(host)
      ? ALLOWED
      : refuse(url, "it is not a public address");
  }
  if (!host.includes(".") || PRIVATE_NAME.test(host)) {
    return refuse(url, "it is a name of a private network");
  }
  if (!resolveDns) return ALLOWED;
  return await checkAnswers(url, host, resolveDns);
}

// Names that resolvers answer from the local machine or network, among them
// the metadata services of Google (metadata.google.internal), Docker's host and
// the services of Kubernetes.
const PRIVATE_NAME =
  /(^|\.)(localhost|local|localdomain|internal|intranet|lan|home|corp|private|svc|home\.arpa|onion)$/i;

async function checkAnswers(
  url: URL,
  host: string,
  resolveDns: ResolveDns,
): Promise<EgressVerdict> {
  const answers = await Promise.allSettled([
    resolveDns(host, "A"),
    resolveDns(host, "AAAA"),
  ]);
  const addresses = answers.flatMap((answer) =>
    answer.status === "fulfilled" ? answer.value : []
  );
  if (answers.every(wasNotAllowed)) return ALLOWED;
  if (addresses.length === 0) {
    return {
      verdict: "unresolved",
      reason: `Cannot find an address of ${host}: DNS has no answer. ` +
        "Check the endpoint's URL",
    };
  }
  return addresses.every(isPublicAddress)
    ? ALLOWED
    : refuse(url, "its name leads to an address that is not public");
}

/**
 * True when the platform does not let functions ask DNS, which is as if there
 * were no resolver. Nobody outside can bring this about.
 */
function wasNotAllowed(answer: PromiseSettledResult<string[]>): boolean {
  return answer.status === "rejected" &&
    /^(NotCapable|PermissionDenied|NotSupported)$/.test(answer.reason?.name);
}

function refuse(url: URL, why: string): EgressVerdict {
  return {
    verdict: "refused",
    reason: `Cannot call ${url.protocol}//${url.host}: ${why}. ` +
      "Only for local use PIPELINE_ALLOW_PRIVATE_HOSTS=true opens " +
      "http and private addresses",
  };
}

// Azure answers platform requests, credentials among them, at a public address.
const METADATA_ADDRESSES = new Set(["168.63.129.16"]);
const GLOBAL_UNICAST = ipaddr.parseCIDR("2000::/3");
const NAT64 = ipaddr.parseCIDR("64:ff9b::/96");

/** True for a unicast address of the public Internet, IPv4 or IPv6. */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.parse(text);
  if (address.kind() === "ipv4") {
    return address.range() === "unicast" &&
      !METADATA_ADDRESSES.has(address.toString());
  }
  // In IPv6-only networks DNS answers with the public IPv4 address in here.
  if (address.match(NAT64)) {
    return isPublicAddress(address.toByteArray().slice(12).join("."));
  }
  return address.range() === "unicast" && address.match(GLOBAL_UNICAST);
}
