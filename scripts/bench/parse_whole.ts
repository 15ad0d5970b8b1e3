/// <reference lib="webworker" />
import process from "node:process";

/** The archive, given away and back, and how long parsing it took. */
export interface WholeParse {
  bytes: Uint8Array<ArrayBuffer>;
  /** CPU time in µs. */
  took: number;
}

// A worker, because what it parsed goes with it: collecting 1 GB would slow down what is measured next.
self.onmessage = ({ data: bytes }: MessageEvent<WholeParse["bytes"]>) => {
  const before = process.cpuUsage();
  const conversations = parse(new TextDecoder().decode(bytes));
  if (conversations === 0) throw new Error("Cannot measure: nothing was read");
  const { user, system } = process.cpuUsage(before);
  const whole: WholeParse = { bytes, took: user + system };
  self.postMessage(whole, [bytes.buffer]);
};

function parse(text: string): number {
  if (text.startsWith("[")) return JSON.parse(text).length;
  return text.split("\n").filter((line) => line !== "")
    .map((line) => JSON.parse(line)).length;
}
