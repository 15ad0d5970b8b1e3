import { signal } from "@preact/signals";

/** A sign-in at Supabase Auth. */
export interface Session {
  access_token: string;
  refresh_token: string;
  /** Seconds since 1970. */
  expires_at: number;
  user: { email?: string; app_metadata?: { pipeline?: string[] } };
}

const KEPT_AS = "dashboard session";
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
  /** A token that is good for a while. @throws Error when nobody is signed in any more */
  token(): Promise<string>;
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
    const answer = text === "" ? {} : JSON.parse(text);
    if (response.ok) return answer;
    throw new Error(answer.msg ?? answer.error_description ?? answer.message);
  }

  const begin = (path: string, body: unknown) =>
    ask<Session>(`token?grant_type=${path}`, body).then(keep);

  /** One tab renews for all: a refresh token is good once. */
  async function renew(): Promise<void> {
    await navigator.locks.request("dashboard session", async () => {
      session.value = readKept();
      if (!session.value || isFresh(session.value)) return;
      const { refresh_token } = session.value;
      await begin("refresh_token", { refresh_token }).catch((error: Error) => {
        keep(undefined);
        throw error;
      });
    });
  }

  async function takeLink(): Promise<void> {
    const told = new URLSearchParams(location.hash.slice(1));
    const refresh_token = told.get("refresh_token");
    if (refresh_token === null) return;
    history.replaceState(null, "", "#/");
    await begin("refresh_token", { refresh_token });
  }

  session.value = readKept();
  await takeLink();
  return {
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

function keep(begun: Session | undefined): void {
  if (begun) localStorage.setItem(KEPT_AS, JSON.stringify(begun));
  else localStorage.removeItem(KEPT_AS);
  session.value = begun;
}

function readKept(): Session | undefined {
  const text = localStorage.getItem(KEPT_AS);
  return text === null ? undefined : JSON.parse(text);
}
