import { dataOf, project } from "./project.ts";

/** An endpoint that a run may name. */
export interface Endpoint {
  name: string;
  /** Called where a run names none. */
  model: string | null;
  /** Others that are known. */
  models: string[] | null;
}

/** Reads the endpoints that are in use; signed-in users see those that are open to them. */
export async function readEndpoints(signal: AbortSignal): Promise<Endpoint[]> {
  return dataOf(
    await project().rest.from("model_endpoints").select("name,model,models")
      .eq("retired", false).order("name").abortSignal(signal)
      .overrideTypes<Endpoint[], { merge: false }>(),
  );
}
