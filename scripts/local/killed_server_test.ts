import { assertEquals, assertMatch } from "@std/assert";
import { checkout } from "./checkout.ts";
import { isLateWrite, isLostQueryOfTypes } from "./killed_server.ts";

function errorAt(place: string): TypeError {
  const error = new TypeError(
    "Cannot read properties of null (reading 'write')",
  );
  error.stack = `TypeError: ${error.message}\n    at ${place}`;
  return error;
}

Deno.test("isLateWrite() knows the driver's error from all others", () => {
  const driver = "Immediate.nextWrite (npm/postgres/3.4.9/src/connection.js:1)";
  assertEquals(isLateWrite(errorAt(driver)), true);
  assertEquals(isLateWrite(errorAt("answer (handler.ts:1)")), false);
  assertEquals(isLateWrite(new TypeError("something else")), false);
});

Deno.test("isLostQueryOfTypes() knows the driver's query from all others", () => {
  const lost = (query?: string) =>
    isLostQueryOfTypes(
      Object.assign(new Error("read ECONNRESET"), query && { query }),
    );
  const types = `
      select b.oid, b.typarray
      from pg_catalog.pg_type a
      left join pg_catalog.pg_type b on b.oid = a.typelem`;
  assertEquals(lost(types), true);
  assertEquals(lost("select 1"), false);
  assertEquals(lost(), false);
  assertEquals(isLostQueryOfTypes(undefined), false);
});

/** A server that lets a connection in and is gone when it is asked for types. */
const program = (preparation: string) => `
import postgres from "postgres";
import { surviveKilledServer } from "./scripts/local/killed_server.ts";
${preparation}
const server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const sql = postgres({ host: "127.0.0.1", port: server.addr.port, max: 1 });
const answer = sql\`select 1\`.catch(() => "rejected");
const connection = await server.accept();
await connection.read(new Uint8Array(1024));
const welcome = [82, 0, 0, 0, 8, 0, 0, 0, 0, 90, 0, 0, 0, 5, 73];
await connection.write(new Uint8Array(welcome));
// What is left unread makes the kernel reset the connection.
await connection.read(new Uint8Array(1));
connection.close();
server.close();
console.log(await answer);
// A rejection counts as unhandled at the end of the turn.
setTimeout(() => Deno.exit(0));
`;

async function run(preparation: string) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", program(preparation)],
    cwd: checkout,
  }).output();
  const [said, complaint] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  return { code, said, complaint };
}

Deno.test("surviveKilledServer() keeps a process alive whose connection is lost early", async () => {
  const { code, said, complaint } = await run("surviveKilledServer();");
  assertEquals(complaint, "");
  assertEquals(said, "rejected\n");
  assertEquals(code, 0);
});

Deno.test("without surviveKilledServer() the process ends", async () => {
  const { code, complaint } = await run("");
  assertEquals(code, 1);
  assertMatch(complaint, /Uncaught \(in promise\)/);
});
