import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type Terminal, WrongUsage } from "./command.ts";
import { extract } from "./extract.ts";

/** Extracts from a folder with one archive; gives exit code, report and complaints. */
async function extractFrom(archive: string, ...args: string[]) {
  const folder = await Deno.makeTempDir();
  const printed: string[] = [];
  const complaints: string[] = [];
  try {
    await Deno.writeTextFile(`${folder}/archive.jsonl`, archive);
    const code = await extract.run([...args, folder, "--report", "-"], {
      isLive: false,
      print: (line) => void printed.push(line),
      complain: (line) => void complaints.push(line),
    } as Terminal);
    return { code, report: JSON.parse(printed.join("\n")), complaints };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const wrongUsage = (args: string[], message: string) =>
  assertRejects(
    () => Promise.resolve().then(() => extract.run(args, {} as Terminal)),
    WrongUsage,
    message,
  );

// Every prompt is too short, so that none goes to standard output.
const QUIET = ["--min-length", "100"];

const ARCHIVE = JSON.stringify({
  messages: [{ role: "user", content: "Call me" }],
});

Deno.test("extract reads names in both ways, and --redact before a path", async () => {
  for (const name of ["--min-length", "--minLength"]) {
    const { code, report } = await extractFrom(
      ARCHIVE,
      name,
      "100",
      "--redact",
    );
    assertEquals([code, report.total.conversations], [0, 1]);
    assertEquals(report.total.prompts, 0);
  }
});

Deno.test("extract reports what it cannot read, exit 3", async () => {
  const { code, report, complaints } = await extractFrom(
    `${ARCHIVE}\n{"messages": [}\n${ARCHIVE}\n`,
    ...QUIET,
  );
  assertEquals(code, 3);
  assertEquals(report.errors.length, 1);
  assertEquals(complaints.length, 2);
  assertEquals(complaints[0], report.errors[0].message);
  assertMatch(complaints[1], /^No prompt in .*let none of 2 turns/);
});

Deno.test("extract refuses what makes no sense", async () => {
  await wrongUsage([], "Give PATH…");
  await wrongUsage(["nowhere"], "Cannot read nowhere: no such file or folder");
  await wrongUsage([".", "--turns", "some"], "Cannot extract:");
  await wrongUsage([".", "--sample", "many"], "Cannot use --sample many");
  await wrongUsage([".", "--redact=names"], "Cannot extract:");
  await wrongUsage([".", "--wrong"], "--wrong");
});
