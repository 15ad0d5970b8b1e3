/** As the server's guard.ts has it. */
export const TOKEN_HEADER = "x-dashboard-token";

const KEPT_AS = "dashboard token";

/** The token of the server's start. */
export function readToken(): string | undefined {
  return localStorage.getItem(KEPT_AS) ?? undefined;
}

/**
 * Keeps the token that an address brings, `#token=…&/runs/7`, and takes it out of the address, so that a
 * copied address holds none. A cookie would be sent to other ports of this machine.
 */
export function keepToken(): void {
  const [, token] = /^#token=([\w-]+)/.exec(location.hash) ?? [];
  if (token === undefined) return;
  localStorage.setItem(KEPT_AS, token);
  const place = location.hash.slice(`#token=${token}&/`.length);
  history.replaceState(null, "", `#/${place}`);
}
