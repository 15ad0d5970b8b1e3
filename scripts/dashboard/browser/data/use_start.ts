import { useEffect, useRef, useState } from "preact/hooks";
import type { Draft } from "./draft.ts";
import { go, here, to } from "./here.ts";
import { type Refusal, toRefusal } from "./refusal.ts";
import { start } from "./start.ts";

/**
 * Sends what the address holds at that moment, and shows it, or says why it is refused.
 *
 * @param readWritten the row of an address, or what is wrong with what was written
 */
export function useStart(
  query: Record<string, string>,
  readWritten: (query: Record<string, string>) => Draft | Refusal,
) {
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
    const draft = readWritten(here.value.query);
    if (!("table" in draft)) return setRefusal(draft);
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
  return { refusal, isSent, send };
}
