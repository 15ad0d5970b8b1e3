import { signal } from "@preact/signals";
import { alone } from "./take_turns.ts";
import { readJson } from "./written.ts";

/** A sign-in at Supabase Auth. */
export interface Session {
  access_token: string;
  refresh_token: string;
  /** Seconds since 1970. */
  expires_at: number;
  user: { email?: string };
}

/** Auth does not know a refresh token any more; after other failures the next try may succeed. */
const IS_OVER = [400, 401, 403];
/** A token is renewed when it is good for less than this. */
const RENEW_SECONDS = 60;

/** Who is signed in; undefined: nobody. */
export const session = signal<Session | undefined>(undefined);

/** Auth of a project: https://supabase.com/docs/reference/self-hosting-auth/introduction */
export interface Auth {
  /** Signs in. @throws Error saying what Auth said */
  withPassword(email: string, password: string): Promise<void>;
  /** Sends a link that signs in; nobody gets an account by it. @throws Error saying what Auth said */
  sendLink(email: string): Promise<void>;
  signOut(): Promise<void>;
  /** Why the link that led here signs nobody in. */
  linkProblem?: string;
  /** A token that is good for a while. @throws Error when nobody is signed in any more */
  token(): Promise<string>;
}

/** What Auth answered instead of what it was asked for. */
class AuthError extends Error {
  override readonly name = "AuthError";
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

/** Opens Auth, and takes the sign-in that a link has brought in the address, or that this browser kept. */
export async function openAuth(
  { projectUrl, key }: { projectUrl: string; key: string },
  fetch: typeof globalThis.fetch = globalThis.fetch,
): Promise<Auth> {
  async function ask<Answer>(
    path: string,
    body: unknown,
    token?: string,
  ): Promise<Answer> {
    const response = await fetch(`${projectUrl}/auth/v1/${path}`, {
      method: "POST",
      headers: {
        apikey: key,
        "content-type": "application/json",
        ...token && { authorization: `Bearer ${token}` },
      },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    // None: no JSON, such as the page of a gateway before Auth.
    // deno-lint-ignore no-explicit-any
    const answer = text === "" ? {} : readJson(text) as any;
    if (response.ok && answer) return answer;
    throw new AuthError(
      response.status,
      answer?.msg ?? answer?.error_description ?? answer?.message ??
        `Auth answered HTTP ${response.status}`,
    );
  }

  // Pages of one host share what the browser keeps, whichever project they are of.
  const keptAs = `dashboard session of ${projectUrl}`;

  function keep(begun: Session | undefined): void {
    if (begun) localStorage.setItem(keptAs, JSON.stringify(begun));
    else localStorage.removeItem(keptAs);
    session.value = begun;
  }

  function readKept(): Session | undefined {
    const text = localStorage.getItem(keptAs);
    return text === null ? undefined : JSON.parse(text);
  }

  const begin = (path: string, body: unknown) =>
    ask<Session>(`token?grant_type=${path}`, body).then(keep);

  /** One tab renews for all: a refresh token is good once. */
  async function renew(): Promise<void> {
    await alone(keptAs, async () => {
      session.value = readKept();
      if (!session.value || isFresh(session.value)) return;
      const { refresh_token } = session.value;
      await begin("refresh_token", { refresh_token }).catch((error) => {
        if (error instanceof AuthError && IS_OVER.includes(error.status)) {
          keep(undefined);
        }
        throw error;
      });
    });
  }

  /** @returns why a link signs nobody in */
  async function takeLink(): Promise<string | undefined> {
    const told = new URLSearchParams(location.hash.slice(1));
    const refresh_token = told.get("refresh_token");
    const problem = told.get("error_description");
    if (refresh_token === null && problem === null) return undefined;
    history.replaceState(null, "", "#/");
    if (refresh_token === null) return problem ?? undefined;
    try {
      await begin("refresh_token", { refresh_token });
    } catch (error) {
      return `The link does not sign in: ${(error as Error).message}`;
    }
  }

  session.value = readKept();
  return {
    linkProblem: await takeLink(),
    withPassword: (email, password) => begin("password", { email, password }),
    sendLink: async (email) => {
      const back = location.href.split("#", 1)[0];
      await ask(`otp?redirect_to=${encodeURIComponent(back)}`, {
        email,
        create_user: false,
      });
    },
    async signOut() {
      const token = session.value?.access_token;
      keep(undefined);
      await ask("logout", {}, token);
    },
    async token() {
      if (session.value && !isFresh(session.value)) await renew();
      if (session.value) return session.value.access_token;
      throw new Error("Nobody is signed in");
    },
  };
}

function isFresh({ expires_at }: Session): boolean {
  return expires_at - Date.now() / 1_000 > RENEW_SECONDS;
}
