import {
  type DraftVariant,
  readVariants,
  writeVariants,
} from "../data/draft.ts";
import type { Endpoint } from "../data/endpoints.ts";
import { here } from "../data/here.ts";
import { commitTo, FreeField } from "./field.tsx";

/** What is asked: one is a run, several are a sweep. */
export function VariantFields({ endpoints }: { endpoints: Endpoint[] }) {
  const variants = readVariants(here.value.query);
  const change = (changed: DraftVariant[]) =>
    commitTo("variants")(writeVariants(changed) ?? "");
  return (
    <>
      {variants.map((variant, place) => (
        <OneVariant
          key={place}
          title={variants.length === 1 ? "Model" : `Variant ${place + 1}`}
          variant={variant}
          endpoints={endpoints}
          isOfSweep={variants.length > 1}
          change={(changed) => change(variants.with(place, changed))}
          remove={() => change(variants.toSpliced(place, 1))}
        />
      ))}
      <p class="actions">
        <button
          type="button"
          onClick={() =>
            change([...variants, { endpoint: variants.at(-1)!.endpoint }])}
        >
          Add a variant
        </button>
        <span class="hint">
          {variants.length === 1
            ? "Several variants are a sweep: the same prompts for each."
            : "A sweep reads the prompts once, and each variant becomes a run."}
        </span>
      </p>
    </>
  );
}

function OneVariant(
  { title, variant, endpoints, isOfSweep, change, remove }: {
    title: string;
    variant: DraftVariant;
    endpoints: Endpoint[];
    isOfSweep: boolean;
    change(variant: DraftVariant): void;
    remove(): void;
  },
) {
  const at = (name: keyof DraftVariant) => ({
    value: variant[name] ?? "",
    commit: (value: string) => change({ ...variant, [name]: value }),
  });
  const called = endpoints.find(({ name }) => name === variant.endpoint);
  return (
    <fieldset>
      <legend>{title}</legend>
      <div class="fields">
        <FreeField
          label="Endpoint"
          {...at("endpoint")}
          choices={[
            ["", "choose one"],
            ...endpoints.map(({ name }) => [name, name] as const),
          ]}
        />
        <FreeField
          label="Model"
          {...at("model")}
          placeholder={called?.model ?? "its own"}
          suggestions={Object.keys(called?.models ?? {})}
        />
        {isOfSweep && (
          <FreeField
            label="Name of the variant"
            {...at("name")}
            placeholder="that of its model"
          />
        )}
      </div>
      {isOfSweep && (
        <details open={Boolean(variant.system ?? variant.user)}>
          <summary>Messages of its own</summary>
          <div class="fields">
            <FreeField label="System message" kind="lines" {...at("system")} />
            <FreeField
              label="Message"
              kind="lines"
              placeholder="{{prompt}}"
              {...at("user")}
            />
          </div>
          <p class="actions">
            <button type="button" onClick={remove}>Remove this variant</button>
          </p>
        </details>
      )}
    </fieldset>
  );
}
