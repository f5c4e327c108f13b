// The file that a transcoding thread runs.

import { parentPort, workerData } from "node:worker_threads";

import type { ThreadSettings, ToThread } from "./thread-messages.ts";
import { ThreadWork } from "./thread-work.ts";

const port = parentPort;
if (!port) throw new Error("this file is for a thread");
// What the main thread gave to the Worker that runs this file.
const work = new ThreadWork(workerData as ThreadSettings, (message, transfer) =>
  port.postMessage(message, [...transfer]),
);
port.on("message", (message: ToThread) => work.take(message));
