import { project } from "./project.ts";
import { session } from "./session.ts";

/** Whose grades are those of a dashboard that nobody signs in to. */
const NOBODY = "dashboard";

/** What grades are about: people may label other things as well. */
export const GRADE = "quality";

/** What a token says of whom it is of (https://supabase.com/docs/guides/auth/jwt-fields). */
interface Claims {
  sub: string;
  app_metadata?: { pipeline?: string[] };
}

/** Who grades here, as labels name them. */
export function graderName(): string {
  return readClaims()?.sub ?? NOBODY;
}

/** Whether what an owner has may be changed: beside a project all, on a static host one's own. */
export function mayChange(owner: string | null): boolean {
  const { kind, readOnly } = project().home;
  return kind === "hosted"
    ? readClaims()?.sub === owner
    : kind === "local" && !readOnly;
}

/** Whether labels are stored at all; the project says of whose queues. */
export function mayLabel(): boolean {
  const { kind, readOnly } = project().home;
  return kind === "hosted" ? readClaims() !== undefined : !readOnly;
}

/** Whether grades of an answer of this owner are taken, as evaluation_labels says. */
export function mayGrade(owner: string | null): boolean {
  return mayChange(owner) || readRights().includes("label");
}

/** Whether whoever looks is here to label what is queued for them, and sees nothing else. */
export function isReviewer(): boolean {
  return readRights().includes("label") && !readRights().includes("read");
}

/** What the project lets the signed-in user do beyond their own; nobody has none. */
function readRights(): string[] {
  return readClaims()?.app_metadata?.pipeline ?? [];
}

/** Undefined: nobody is signed in. */
function readClaims(): Claims | undefined {
  const [, payload] = session.value?.access_token.split(".") ?? [];
  return payload &&
    JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
}
