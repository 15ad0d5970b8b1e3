import { assertEquals } from "@std/assert";
import type { Manifest } from "./names.ts";
import { findUnserved } from "./served_functions.ts";

const unserved = (
  before: Record<string, string>,
  after: Record<string, string>,
) =>
  findUnserved(
    { functions: before } as Manifest,
    { functions: after } as Manifest,
  );

Deno.test("findUnserved() takes new arguments that may be left out, and new functions", () => {
  assertEquals(
    unserved(
      {
        "public.claim(uuid)": "worker_id → jsonb",
        "pipeline.gone()": "→ text",
      },
      {
        "public.claim(uuid, text)": "worker_id version? → jsonb",
        "public.more()": "→ text",
      },
    ),
    [],
  );
});

Deno.test("findUnserved() names what went, lost an argument, needs another, or gives something else", () => {
  const before = { "public.claim(uuid)": "worker_id most? → jsonb" };
  const is = (after: Record<string, string>) => unserved(before, after).length;
  assertEquals(unserved(before, {}), ["public.claim(uuid)"]);
  assertEquals(is({ "public.claim(uuid)": "worker_id → jsonb" }), 1);
  assertEquals(is({ "public.claim(uuid)": "worker most? → jsonb" }), 1);
  assertEquals(is({ "public.claim(uuid)": "worker_id most → jsonb" }), 1);
  assertEquals(is({ "public.claim(uuid)": "worker_id most? → text" }), 1);
  assertEquals(is({ "public.claim(text)": "worker_id most? → jsonb" }), 0);
});
