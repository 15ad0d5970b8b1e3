import { useEffect, useState } from "preact/hooks";
import { toVisible } from "../../../pipeline/visible_text.ts";

/** A statement to be read and taken along. */
export function SqlText({ sql }: { sql: string }) {
  const [said, setSaid] = useState<string>();
  useEffect(() => setSaid(undefined), [sql]);
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(sql);
      setSaid("Copied");
    } catch (error) {
      setSaid(`The browser does not copy: ${(error as Error).message}`);
    }
  }
  return (
    <section aria-label="SQL">
      <h2>The same as SQL</h2>
      <pre class="sql" tabIndex={0} aria-label="SQL">{toVisible(sql)}</pre>
      <p class="actions">
        <button type="button" onClick={copy}>Copy the SQL</button>
        <span class="hint" role="status">{said}</span>
      </p>
    </section>
  );
}
