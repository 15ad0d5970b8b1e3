import { assertEquals, assertRejects } from "@std/assert";
import { createProjectClient } from "../../project/create_client.ts";
import { WrongUsage } from "../command.ts";
import { toExperiment } from "./gate.ts";

const USER = "6f0c3c5e-6a57-4f0e-9f0a-0d2f5c1f7a11";

/** A project whose run 7 is of somebody. */
function withRunOf(owner: string | null) {
  return createProjectClient(
    { url: "https://project.example", secretKey: "sb_secret_a" },
    () => Promise.resolve(Response.json([{ experiment_name: "new", owner }])),
  );
}

Deno.test("gate takes the run of the owner who is asked for, and no other", async () => {
  assertEquals(await toExperiment(withRunOf(null), "run:7", null), "new");
  assertEquals(await toExperiment(withRunOf(USER), "run:7", USER), "new");
  await assertRejects(
    () => toExperiment(withRunOf(USER), "run:7", null),
    WrongUsage,
    `Cannot gate run 7: it is of another user, give --owner ${USER}`,
  );
  await assertRejects(
    () => toExperiment(withRunOf(null), "run:7", USER),
    WrongUsage,
    "leave --owner out",
  );
});
