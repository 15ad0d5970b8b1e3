import { assertThrows } from "@std/assert";
import { sendSignal } from "./send_signal.ts";

Deno.test("sendSignal() is content when the process has ended", async () => {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["--version"],
    stdout: "null",
  }).spawn();
  await process.status;
  sendSignal(process, "SIGTERM");
});

Deno.test("sendSignal() passes on that it may not", () => {
  const kill = () => {
    throw new Deno.errors.PermissionDenied("Operation not permitted");
  };
  assertThrows(
    () => sendSignal({ kill }, "SIGTERM"),
    Deno.errors.PermissionDenied,
  );
});
