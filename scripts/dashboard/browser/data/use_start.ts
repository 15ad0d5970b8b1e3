import { useEffect, useRef, useState } from "preact/hooks";
import type { Draft } from "./draft.ts";
import { go, here, to } from "./here.ts";
import { callFunction } from "./project.ts";
import { type Refusal, toRefusal } from "./refusal.ts";
import { attempt } from "./written.ts";

/**
 * Sends what the address holds at that moment, and shows it, or says why it is refused.
 *
 * @param read the row of an address. @throws {WrongField}
 */
export function useStart(read: (query: Record<string, string>) => Draft) {
  const { query } = here.value;
  const written = attempt(() => read(query));
  const [refusal, setRefusal] = useState<Refusal>();
  const [isSent, setIsSent] = useState(false);
  // Whoever presses twice, or again after an answer was lost, starts one run.
  const sent = useRef({ draft: "", key: "" });
  useEffect(() => setRefusal(undefined), [JSON.stringify(query)]);
  useEffect(() => {
    document.querySelector<HTMLElement>("[aria-invalid=true], .refused")
      ?.focus();
  }, [refusal]);
  async function send(): Promise<void> {
    const { read: draft, refusal } = attempt(() => read(here.value.query));
    if (!draft) return setRefusal(refusal);
    const text = JSON.stringify(draft);
    if (sent.current.draft !== text) {
      sent.current = { draft: text, key: crypto.randomUUID() };
    }
    setIsSent(true);
    try {
      go(to(await start(draft, sent.current.key)));
    } catch (error) {
      setRefusal(toRefusal(error as Error));
    } finally {
      setIsSent(false);
    }
  }
  return {
    draft: written.read,
    refusal: written.refusal ?? refusal,
    isSent,
    send,
  };
}

/**
 * Writes the row.
 *
 * @param key the same row under the same key is written once, however often it is sent
 * @returns where the run, sweep or watch is looked at
 * @throws Error saying what the project refuses
 */
async function start({ what, row }: Draft, key: string) {
  const made = await callFunction<Record<string, number>>(
    `pipeline_create_${what}`,
    { [what]: row, idempotency_key: key },
  );
  return [what === "watch" ? "watches" : `${what}s`, made[`${what}Id`]];
}
