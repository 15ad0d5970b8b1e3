import type { Refusal } from "../data/refusal.ts";
import { VisibleText } from "./visible_text.tsx";

/** Why the project refuses what stands beside it; nothing where it is about something else. */
export function Refused({ refusal, fields }: {
  refusal: Refusal | undefined;
  /** Undefined among them: what one cannot tell the field of. */
  fields: (string | undefined)[];
}) {
  if (!refusal || !fields.includes(refusal.field)) return null;
  return (
    <p class="problem refused" role="alert" tabIndex={-1}>
      <VisibleText text={refusal.words} />
    </p>
  );
}
