// What metrics and traces cost: processor time per event of the real program from Pub/Sub to Segment, on ÷ off.
// node test/bench/telemetry-cost.mjs [events] [rounds]; writes test/bench/TELEMETRY.md. The local servers are in this process, the
// program in its own; variants are interleaved, and each round's ratio is taken within the round.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { startPubSub } from "../../dist/emulators/pubsub/start-pubsub.js";
import { startSegment } from "../../dist/emulators/segment/emulator.js";

const EVENTS = Number(process.argv[2] ?? 40_000);
const ROUNDS = Number(process.argv[3] ?? 5);
const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const TOPIC = "projects/bench-project/topics/events";
const SUBSCRIPTION = "projects/bench-project/subscriptions/events";
const TICKS_PER_SECOND = 100;

const event = (id) =>
  JSON.stringify({
    project: "web",
    environment: "env",
    event: {
      kind: "feature",
      id,
      key: "checkout-redesign",
      creationDate: 1_767_225_600_000,
      contextKeys: { user: "user-1" },
      context: { kind: "user", key: "user-1" },
      variation: 1,
      value: true,
      default: false,
      version: 7,
    },
  });

const collector = createServer((request, response) => {
  request.resume().on("end", () => response.setHeader("content-type", "application/json").end("{}"));
});
await new Promise((resolve) => collector.listen(0, "127.0.0.1", resolve));
const otlp = `http://127.0.0.1:${collector.address().port}`;

const variants = {
  off: [],
  "metrics, read every second": ["--metrics", "127.0.0.1:0"],
  "metrics and traces": ["--metrics", "127.0.0.1:0", "--otlp", otlp],
};

async function measure(args) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  const pubsub = await startPubSub();
  const segment = await startSegment({ keepEvents: 1 });
  pubsub.createTopic(TOPIC);
  pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 60 });
  const write = (name, text) => writeFileSync(join(folder, name), text);
  write(
    "destinations.yaml",
    `destinations:\n  - { id: d, environment: env, config: { writeKey: "a-write-key-for-benches", endpoint: "${segment.url}", eventsPerSecond: 1000000, requestsPerSecond: 100000 } }\n`,
  );
  write(
    "enablement.yaml",
    "environments:\n  - { environment: env, allFlags: true, events: true, flags: [] }\n",
  );
  write(
    "p.yaml",
    `name: bench
source: { type: pubsub, subscription: ${SUBSCRIPTION} }
transforms: [{ type: json-decode }, { type: filter-enabled }, { type: segment-event }]
sink: { type: segment }
deadLetters: { type: file, path: dead.ndjson }
`,
  );
  for (let n = 0; n < EVENTS; n += 1_000)
    pubsub.publish(
      TOPIC,
      Array.from({ length: 1_000 }, (_, i) => ({ data: Buffer.from(event(`e${n + i}`)) })),
    );
  const child = spawn(process.execPath, [MAIN, "run", "p.yaml", ...args], {
    cwd: folder,
    env: {
      ...process.env,
      NO_COLOR: "1",
      METADATA_SERVER_DETECTION: "none",
      PUBSUB_EMULATOR_HOST: pubsub.address,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    log += text;
  });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  const scrape = setInterval(() => {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(log)?.[0];
    if (args.length > 0 && url)
      fetch(`${url}/metrics`).then(
        (r) => r.text(),
        () => {},
      );
  }, 1_000);
  let cpuSeconds = 0;
  while (pubsub.subscription(SUBSCRIPTION).acked < EVENTS) {
    if (child.exitCode !== null) throw new Error(`the program ended: ${log}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    cpuSeconds = cpuOf(child.pid);
  }
  child.kill("SIGTERM");
  await gone;
  clearInterval(scrape);
  await Promise.all([pubsub.close(), segment.close()]);
  rmSync(folder, { recursive: true, force: true });
  return (cpuSeconds / EVENTS) * 1e6;
}

/** User and system time of a process, in seconds. */
function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];

const taken = Object.fromEntries(Object.keys(variants).map((name) => [name, []]));
for (let round = 0; round <= ROUNDS; round++)
  for (const [name, args] of Object.entries(variants)) {
    const micros = await measure(args);
    if (round > 0) taken[name].push(micros);
    console.log(
      `${round === 0 ? "warm-up" : `round ${round}`} ${name}: ${micros.toFixed(1)} µs of processor time an event`,
    );
  }
collector.close();

const rows = Object.entries(taken).map(([name, list]) => {
  const ratios = list.map((value, i) => value / taken.off[i]);
  const spread = `${Math.min(...list).toFixed(1)}–${Math.max(...list).toFixed(1)}`;
  return `| ${name} | ${median(list).toFixed(1)} | ${spread} | ${median(ratios).toFixed(3)} |`;
});
const page = `# What metrics and traces cost

Made by \`node test/bench/telemetry-cost.mjs ${EVENTS} ${ROUNDS}\` on ${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} cores, other work on the machine.
Processor time of the real program for each of ${EVENTS.toLocaleString("en")} events from a local Pub/Sub to a local Segment, start included; interleaved,
median of ${ROUNDS} rounds; *on ÷ off* is the median of the ratios taken within a round.

| variant | µs an event | min–max | on ÷ off |
| --- | ---: | ---: | ---: |
${rows.join("\n")}
`;
writeFileSync(new URL("TELEMETRY.md", import.meta.url), page);
console.log(page);
