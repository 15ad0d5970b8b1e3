import type { ComponentChildren } from "preact";

/** Named values side by side; what is undefined is left out. */
export function Facts(
  { facts }: { facts: Record<string, ComponentChildren | undefined> },
) {
  return (
    <dl class="facts">
      {Object.entries(facts).map(([name, value]) =>
        value !== undefined && (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        )
      )}
    </dl>
  );
}
