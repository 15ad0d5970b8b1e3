/**
 * A fetch that fails where it is led elsewhere: only `authorization` stays behind on the way to another
 * origin (https://fetch.spec.whatwg.org/#http-redirect-fetch), `apikey` with the secret key would go along.
 */
export function refuseRedirects(
  fetch: typeof globalThis.fetch,
): typeof globalThis.fetch {
  return (input, init) => fetch(input, { ...init, redirect: "error" });
}
