import { useRef } from "preact/hooks";
import { limitWatch, type Watch } from "../data/watches.ts";
import { Action } from "./action.tsx";
import { FreeField } from "./field.tsx";

/** How many turns of an app are graded, and what a day may cost: changed while a watch goes on. */
export function WatchLimits(
  { watch, changed }: { watch: Watch; changed: () => void },
) {
  // A field is told when it is left, at the moment that the button is pressed.
  const written = useRef({
    sample: String(watch.sample),
    max_cost_per_day: String(watch.max_cost_per_day ?? ""),
    max_answers_per_day: String(watch.max_answers_per_day ?? ""),
  });
  const at = (name: keyof typeof written.current) => ({
    value: written.current[name],
    commit: (value: string) => {
      written.current[name] = value;
    },
  });
  return (
    <details>
      <summary>Change its limits</summary>
      <div class="fields">
        <FreeField
          label="Share of the turns"
          placeholder="1"
          {...at("sample")}
        />
        <FreeField
          label="Costs at most a day, USD"
          placeholder="no limit"
          {...at("max_cost_per_day")}
        />
        <FreeField
          label="At most so many turns a day"
          placeholder="no limit"
          {...at("max_answers_per_day")}
        />
      </div>
      <p class="actions">
        <Action
          words="Change"
          act={() => limitWatch(watch.id, written.current)}
          done={changed}
        />
      </p>
    </details>
  );
}
