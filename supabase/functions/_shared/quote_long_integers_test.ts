import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { quoteLongIntegers } from "./quote_long_integers.ts";

Deno.test("quoteLongIntegers() keeps every digit of integers beyond 2^53", () => {
  assertEquals(
    quoteLongIntegers(
      '{"a":1161380288898609914,"b":[-9007199254740993, 9007199254740991]}',
    ),
    '{"a":"1161380288898609914","b":["-9007199254740993", 9007199254740991]}',
  );
  assertEquals(
    quoteLongIntegers("18446744073709551615"),
    '"18446744073709551615"',
  );
});

Deno.test("quoteLongIntegers() leaves strings, fractions and exponents alone", () => {
  for (
    const json of [
      '{"1161380288898609914":"a 1161380288898609914 \\" 1161380288898609914"}',
      "[0.1234567890123456789,1161380288898609914.5,1161380288898609914e3]",
      "[1e1161380288898609914,1e-1161380288898609914]",
      '"\\\\\\" 1161380288898609914"',
    ]
  ) assertEquals(quoteLongIntegers(json), json);
});

Deno.test("quoteLongIntegers() tells strings from numbers in any JSON", () => {
  const digits = fc.string({
    unit: fc.constantFrom("1", '"', "\\\\", " "),
    maxLength: 60,
  });
  fc.assert(
    fc.property(fc.array(digits), fc.bigInt(), (texts, number) => {
      const json = `{"texts":${JSON.stringify(texts)},"number":${number}}`;
      assertEquals(JSON.parse(quoteLongIntegers(json)), {
        texts,
        number: Number.isSafeInteger(Number(number))
          ? Number(number)
          : String(number),
      });
    }),
  );
});
