import { assert, assertEquals, assertThrows } from "@std/assert";
import { parse } from "@decimalturn/toml-patch";
import { withFunctionLines, withoutFunctionLines } from "./config_lines.ts";

const LINES = {
  "pipeline-worker": {
    verify_jwt: false,
    entrypoint: "./functions/pipeline-worker/index.ts",
    import_map: "./functions/pipeline-worker/deno.json",
  },
};

const THEIRS = `# Our shop
project_id = "shop" # the name of the folder

[db]
major_version = 15

# Called by the bank
[functions.bank-webhook]
verify_jwt = false   # it signs

[remotes.staging.db]
major_version = 17
`;

Deno.test("withFunctionLines() keeps every line that was there, and is the same twice", () => {
  const once = withFunctionLines(THEIRS, LINES);
  assert(once.startsWith(THEIRS));
  assertEquals(
    (parse(once) as { functions: unknown }).functions,
    { "bank-webhook": { verify_jwt: false }, ...LINES },
  );
  assertEquals(withFunctionLines(once, LINES), once);
});

Deno.test("withoutFunctionLines() gives back, byte for byte, what was there", () => {
  for (
    const text of [
      THEIRS,
      THEIRS.trimEnd(),
      `${THEIRS}\n\n`,
      THEIRS.replaceAll("\n", "\r\n"),
      `${THEIRS.replace("\n", "\r\n")}# a line of Windows among others\n`,
      "[functions]\n",
      "",
    ]
  ) {
    const added = withFunctionLines(text, LINES);
    assert(added.startsWith(text));
    assertEquals(withoutFunctionLines(added, Object.keys(LINES)), text);
    const more = `${added}[api]\nport = 1\n`;
    assertEquals(
      parse(withoutFunctionLines(more, Object.keys(LINES))),
      parse(`${text}\n[api]\nport = 1\n`),
    );
  }
});

for (
  const [what, mine] of [
    ["a function", "[functions.mine]\nverify_jwt = false\n"],
    ["a remark", "# Do not touch\n"],
  ]
) {
  Deno.test(`withFunctionLines() and withoutFunctionLines() refuse to lose ${what} between our comments`, () => {
    const edited = withFunctionLines(THEIRS, LINES)
      .replace("# prompt-pipeline: end", `${mine}# prompt-pipeline: end`);
    const names = Object.keys(LINES);
    for (
      const change of [
        () =>
          withFunctionLines(edited, {
            ...LINES,
            "run-pipeline": LINES["pipeline-worker"],
          }),
        () => withoutFunctionLines(edited, names),
      ]
    ) assertThrows(change, Error, "out of that block");
    assertEquals(withFunctionLines(edited, LINES), edited, "as it should be");
  });
}

Deno.test("withFunctionLines() keeps what somebody has added to a table of ours", () => {
  const edited = withFunctionLines(THEIRS, LINES)
    .replace(
      "[functions.pipeline-worker]",
      "[functions.pipeline-worker]\nenabled = false",
    );
  const again = parse(withFunctionLines(edited, LINES));
  assertEquals(
    (again as { functions: Record<string, unknown> })
      .functions["pipeline-worker"],
    { enabled: false, ...LINES["pipeline-worker"] },
  );
});

Deno.test("withFunctionLines() finds its tables where somebody has moved them", () => {
  const moved = `[functions.pipeline-worker]
verify_jwt = true

# Ours
[api]
port = 54321
`;
  const result = withFunctionLines(moved, LINES);
  assert(result.includes("# Ours\n[api]\nport = 54321\n"));
  assertEquals(parse(result), { functions: LINES, api: { port: 54321 } });
  assertEquals(
    withoutFunctionLines(result, Object.keys(LINES)),
    "# Ours\n[api]\nport = 54321\n",
  );
});

Deno.test("withFunctionLines() adds to functions that are written in one line", () => {
  const inline = `functions = { hello = { verify_jwt = true } } # short\n`;
  const result = withFunctionLines(inline, LINES);
  assertEquals(parse(result), {
    functions: { hello: { verify_jwt: true }, ...LINES },
  });
  assert(result.includes("# short"));
});

Deno.test("withFunctionLines() keeps the ends of lines of Windows", () => {
  const windows = THEIRS.replaceAll("\n", "\r\n");
  const result = withFunctionLines(windows, LINES);
  assert(result.startsWith(windows));
  assertEquals(result.replaceAll("\r\n", "").includes("\n"), false);
  assertEquals(withFunctionLines(result, LINES), result);
});

Deno.test("withFunctionLines() writes into an empty file", () => {
  assertEquals(parse(withFunctionLines("", LINES)), { functions: LINES });
});

Deno.test("withoutFunctionLines() says what it cannot take out", () => {
  assertThrows(
    () =>
      withoutFunctionLines(
        "functions = { pipeline-worker = { verify_jwt = false } }\n",
        Object.keys(LINES),
      ),
    Error,
    "by hand",
  );
});
