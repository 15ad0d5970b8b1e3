import { readRows } from "./read_rows.ts";

/** An endpoint that a run may name. */
export interface Endpoint {
  name: string;
  /** Called where a run names none. */
  model: string | null;
  /** Others that are known, with their prices. */
  models: Record<string, unknown>;
}

/** Reads the endpoints that are in use; signed-in users see those that are open to them. */
export function readEndpoints(signal: AbortSignal): Promise<Endpoint[]> {
  return readRows("model_endpoints", {
    columns: "name,model,models",
    where: { retired: false },
    order: ["name"],
  }, signal);
}

/** Everything that the endpoints can call: each one's own model and the others. */
export function allModels(
  endpoints: Endpoint[],
): { endpoint: string; model?: string }[] {
  return endpoints.flatMap(({ name, models }) => [
    { endpoint: name },
    ...Object.keys(models).map((model) => ({ endpoint: name, model })),
  ]);
}
