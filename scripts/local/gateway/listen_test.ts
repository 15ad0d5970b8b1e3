import { assertEquals } from "@std/assert";
import { listen } from "./listen.ts";

Deno.test("listen() begins again on its port when the server ends of too many open files", async () => {
  const ports: (number | undefined)[] = [];
  const begunAgain = Promise.withResolvers<void>();
  const { port, stop } = listen(
    7000,
    () => Promise.resolve(new Response()),
    ({ port, signal }) => {
      ports.push(port);
      const finished = ports.length === 1
        ? Promise.reject(new Error("Too many open files (os error 24)"))
        : new Promise<void>((resolve) =>
          signal!.addEventListener("abort", () => resolve())
        );
      if (ports.length === 2) begunAgain.resolve();
      const addr = { transport: "tcp", hostname: "127.0.0.1", port } as const;
      return { addr: addr as Deno.NetAddr, finished };
    },
  );
  await begunAgain.promise;
  await stop();
  assertEquals([port, ...ports], [7000, 7000, 7000]);
});
