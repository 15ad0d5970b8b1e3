import { assertEquals, assertThrows } from "@std/assert";
import { compileJsonPath } from "./json_path.ts";

const BODY = {
  data: { items: [{ text: "a" }, { text: "b" }, { other: 1 }], "odd key": 7 },
};

for (
  const [path, expected] of [
    ["data.items[0].text", "a"],
    ["$.data.items[1].text", "b"],
    ["$['data'][\"odd key\"]", 7],
    ["data.items[-2].text", "b"],
    ["data.items[*].text", ["a", "b"]],
    ["data.items[9].text", undefined],
    ["data.items.text", undefined],
    ["data[0]", undefined],
    ["data.toString", undefined],
    ["data.items[0].text[*]", undefined],
    ["", BODY],
    ["$", BODY],
  ] as const
) {
  Deno.test(`compileJsonPath() follows "${path}"`, () => {
    assertEquals(compileJsonPath(path)(BODY), expected);
  });
}

Deno.test("compileJsonPath() reads an array at the top", () => {
  assertEquals(
    compileJsonPath("[0].generated_text")([{ generated_text: "x" }]),
    "x",
  );
});

for (const path of ["a..b", "a[", "a[x]", "$..text", "a b", "[?(@.x)]"]) {
  Deno.test(`compileJsonPath() refuses "${path}"`, () => {
    assertThrows(() => compileJsonPath(path), TypeError);
  });
}
