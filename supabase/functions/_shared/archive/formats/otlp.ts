import { isObject, type Json, type JsonObject, objectsOf } from "../json.ts";
import { groupBy } from "./group_by.ts";

// Tempo writes `batches`.
const SPANS = ["resourceSpans", "resource_spans", "batches"];
const LOGS = ["resourceLogs", "resource_logs"];

/** True for an object of OTLP JSON. */
export function isOtlp(record: JsonObject): boolean {
  return [...SPANS, ...LOGS].some((key) => Array.isArray(record[key]));
}

/** All spans in it, those of which only the events were logged included. */
export function spansOf(record: JsonObject): JsonObject[] {
  return [
    ...inScopes(record, SPANS, ["scopeSpans", "scope_spans"], ["spans"]),
    ...spansOfLogs(record),
  ];
}

function inScopes(
  record: JsonObject,
  resources: string[],
  scopes: string[],
  members: string[],
): JsonObject[] {
  const below = (holders: JsonObject[], keys: string[]) =>
    holders.flatMap((holder) => keys.flatMap((key) => objectsOf(holder[key])));
  return below(below(below([record], resources), scopes), members);
}

/** Events that were logged instead of kept with their span, as spans. */
function spansOfLogs(record: JsonObject): JsonObject[] {
  const logs = inScopes(record, LOGS, ["scopeLogs", "scope_logs"], [
    "logRecords",
    "log_records",
  ]);
  const spanOf = (log: JsonObject) =>
    `${log.traceId ?? log.trace_id} ${log.spanId ?? log.span_id}`;
  return [...groupBy(logs, spanOf).values()].map((events) => ({
    traceId: events[0].traceId ?? events[0].trace_id,
    startTimeUnixNano: events[0].timeUnixNano ?? events[0].time_unix_nano,
    attributes: events[0].attributes,
    events,
  }));
}

/** Attributes by their keys. */
export function attributesOf(list: Json | undefined): Map<string, Json> {
  const attributes = new Map<string, Json>();
  for (const { key, value } of objectsOf(list)) {
    const plain = plainValue(value);
    if (typeof key === "string" && plain !== undefined) {
      attributes.set(key, plain);
    }
  }
  return attributes;
}

/** OTLP names the type of every value: `{stringValue}`, `{arrayValue: {values}}`, `{kvlistValue}`. */
export function plainValue(value: Json | undefined): Json | undefined {
  if (!isObject(value)) return undefined;
  const { arrayValue, kvlistValue } = value;
  if (isObject(arrayValue)) {
    return objectsOf(arrayValue.values).map((one) => plainValue(one) ?? null);
  }
  if (isObject(kvlistValue)) {
    return Object.fromEntries(attributesOf(kvlistValue.values));
  }
  return value.stringValue ?? value.intValue ?? value.doubleValue ??
    value.boolValue;
}
