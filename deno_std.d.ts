/**
 * Types of the Deno standard library as far as it is used: its package on npm has none. Goes, with
 * the lines of the import maps, when `"@std/": "jsr:/@std/"` takes their place.
 */
declare module "@std/assert" {
  // deno-lint-ignore no-explicit-any
  type ErrorClass<E> = abstract new (...args: any[]) => E;

  export function assert(expr: unknown, msg?: string): asserts expr;
  export function assertEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertAlmostEquals(
    actual: number,
    expected: number,
    tolerance?: number,
    msg?: string,
  ): void;
  export function assertNotEquals<T>(
    actual: T,
    expected: T,
    msg?: string,
  ): void;
  export function assertStrictEquals<T>(
    actual: unknown,
    expected: T,
    msg?: string,
  ): asserts actual is T;
  export function assertNotStrictEquals<T>(
    actual: T,
    expected: T,
    msg?: string,
  ): void;
  export function assertMatch(
    actual: string,
    expected: RegExp,
    msg?: string,
  ): void;
  export function assertNotMatch(
    actual: string,
    expected: RegExp,
    msg?: string,
  ): void;
  export function assertObjectMatch(
    // deno-lint-ignore no-explicit-any
    actual: Record<PropertyKey, any>,
    expected: Record<PropertyKey, unknown>,
    msg?: string,
  ): void;
  export function assertThrows(fn: () => unknown, msg?: string): unknown;
  export function assertThrows<E extends Error = Error>(
    fn: () => unknown,
    errorClass: ErrorClass<E>,
    msgIncludes?: string,
    msg?: string,
  ): E;
  export function assertRejects(
    fn: () => PromiseLike<unknown>,
    msg?: string,
  ): Promise<unknown>;
  export function assertRejects<E extends Error = Error>(
    fn: () => PromiseLike<unknown>,
    errorClass: ErrorClass<E>,
    msgIncludes?: string,
    msg?: string,
  ): Promise<E>;
}

declare module "@std/async/delay" {
  export function delay(
    ms: number,
    options?: { signal?: AbortSignal; persistent?: boolean },
  ): Promise<void>;
}

declare module "@std/async/poll" {
  export function poll<T>(
    fn: () => T | PromiseLike<T>,
    isDone: (result: T) => boolean,
    options?: { interval?: number; signal?: AbortSignal },
  ): Promise<T>;
}

declare module "@std/async/pool" {
  export function pooledMap<T, R>(
    poolLimit: number,
    array: Iterable<T> | AsyncIterable<T>,
    iteratorFn: (data: T) => Promise<R>,
  ): AsyncIterableIterator<R>;
}

declare module "@std/bytes/concat" {
  export function concat(
    buffers: Uint8Array[],
  ): ReturnType<TextEncoder["encode"]>;
}

declare module "@std/cli/parse-args" {
  export function parseArgs(args: string[], options?: {
    boolean?: string[];
    string?: string[];
    collect?: string[];
    alias?: Record<string, string>;
    default?: Record<string, unknown>;
    unknown?(arg: string, key?: string, value?: unknown): unknown;
    // deno-lint-ignore no-explicit-any
  }): { [name: string]: any; _: (string | number)[] };
}

declare module "@std/csv/parse" {
  /** @throws {SyntaxError} a quote is out of place, with its line and column */
  export function parse(
    input: string,
    options?: { separator?: string },
  ): string[][];
}

declare module "@std/http/status" {
  export const STATUS_CODE: {
    readonly BadRequest: 400;
    readonly Unauthorized: 401;
    readonly Forbidden: 403;
    readonly NotFound: 404;
    readonly MethodNotAllowed: 405;
    readonly Conflict: 409;
    readonly ContentTooLarge: 413;
    readonly TooManyRequests: 429;
    readonly InternalServerError: 500;
    readonly ServiceUnavailable: 503;
    readonly GatewayTimeout: 504;
  };
}

declare module "@std/media-types/content-type" {
  /** The full value of Content-Type for a file's extension, with or without its dot. */
  export function contentType(extension: string): string | undefined;
}

declare module "@std/streams/byte-slice-stream" {
  export class ByteSliceStream extends TransformStream<Uint8Array, Uint8Array> {
    constructor(start?: number, end?: number);
  }
}

declare module "@std/streams/limited-bytes-transform-stream" {
  export class LimitedBytesTransformStream
    extends TransformStream<Uint8Array, Uint8Array> {
    constructor(size: number, options?: { error?: boolean });
  }
}

declare module "@std/text/levenshtein-distance" {
  export function levenshteinDistance(str1: string, str2: string): number;
}
