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

/** Whether grades of an answer of this owner are taken, as evaluation_labels says. */
export function mayGrade(owner: string | null): boolean {
  const { kind, readOnly } = project().home;
  const claims = readClaims();
  if (kind === "hosted" && claims) {
    return claims.sub === owner ||
      (claims.app_metadata?.pipeline ?? []).includes("label");
  }
  return kind === "local" && !readOnly;
}

/** Undefined: nobody is signed in. */
function readClaims(): Claims | undefined {
  const [, payload] = session.value?.access_token.split(".") ?? [];
  return payload &&
    JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
}
