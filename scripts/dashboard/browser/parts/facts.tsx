import type { ComponentChildren } from "preact";
import { shown } from "./visible_text.tsx";

/** Named values side by side, a text as a stranger's; what is not there or false is left out. */
export function Facts({ facts }: { facts: Record<string, ComponentChildren> }) {
  return (
    <dl class="facts">
      {Object.entries(facts).map(([name, value]) =>
        value && (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{shown(value)}</dd>
          </div>
        )
      )}
    </dl>
  );
}
