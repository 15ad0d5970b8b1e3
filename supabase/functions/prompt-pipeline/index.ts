import { createHandlerDependencies } from "../_shared/http/create_services.ts";
import { createHandler } from "./handler.ts";

const environment = Deno.env.toObject();

export default {
  fetch: createHandler(
    `${environment.SUPABASE_URL}/functions/v1`,
    createHandlerDependencies(environment),
  ),
};
