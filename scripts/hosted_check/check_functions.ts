import { callFunction, inspectWorker } from "../pipeline/call_function.ts";
import {
  asExpected,
  type HostedProject,
  otherwise,
  type Outcome,
} from "./hosted_project.ts";

/** What a worker says of its surroundings. */
export async function checkWorker(project: HostedProject): Promise<Outcome> {
  const worker = await inspectWorker(project, project.fetch);
  if (!("key" in worker)) {
    return otherwise(
      `the worker answers ${worker.status} ${worker.errorCode ?? ""}`,
    );
  }
  const words = `Deno ${worker.deno}, key ${worker.key} of ${
    worker.keys.join(", ")
  }, WORKER_SECONDS ${worker.workerSeconds}, DNS ${
    worker.dns ? "answers" : "does not answer: URLs are judged by spelling"
  }`;
  return worker.dns ? asExpected(words) : otherwise(words);
}

/** An empty request is answered 400 where the caller is known. */
export async function checkKeys(project: HostedProject): Promise<Outcome> {
  const { secretKey, legacyKey } = project;
  const forged = "sb_secret_forged";
  const senders: [words: string, headers: HeadersInit, expected: number][] = [
    ["secret key", { apikey: secretKey }, 400],
    ["secret key as bearer", { authorization: `Bearer ${secretKey}` }, 400],
    [
      "secret key beside a bad token",
      { apikey: secretKey, authorization: "Bearer a.b.c" },
      400,
    ],
    ["no key", {}, 401],
    ["forged key", { apikey: forged }, 401],
    ["forged token", { authorization: "Bearer a.b.c" }, 401],
    ...legacyKey
      ? [
        ["service_role key", { apikey: legacyKey }, 400],
        ["service_role as bearer", {
          authorization: `Bearer ${legacyKey}`,
        }, 400],
      ] as [string, HeadersInit, number][]
      : [],
  ];
  const found = await Promise.all(
    senders.map(async ([words, headers, expected]) => {
      const { answer } = await callFunction("evaluate-results", project, {
        method: "POST",
        headers,
        body: "{}",
      }, project.fetch);
      return {
        isRight: answer.status === expected,
        words: `${words}: ${answer.status}${
          answer.isOwn ? "" : ` by the gateway, ${answer.errorCode}`
        }`,
      };
    }),
  );
  const words = found.map(({ words }) => words).join("; ");
  return found.every(({ isRight }) => isRight)
    ? asExpected(words)
    : otherwise(words);
}
