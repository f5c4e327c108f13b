// What metrics and traces cost a live job: processor time of an event, on ÷ off. Every variant is a job of its own that
// stays for the whole benchmark, with servers of its own; they are given the same traffic in turns, again and again, so
// that each ratio is of neighbours. At a moderate rate, where a scrape each second and a span each batch weigh most.

import { setTimeout as sleep } from "node:timers/promises";

import { compare } from "../harness/compare.mjs";
import { core, folder, heard, launch, serve, stop } from "../harness/launch.mjs";
import { WRITE_KEY, writePipeline } from "../harness/pipelines.mjs";
import { cpuMsOf } from "../harness/proc.mjs";
import { mainScript } from "../harness/product.mjs";
import { median } from "../harness/statistics.mjs";

export const summary =
  "Live jobs at 1,000 events a second with /metrics read every second, with traces and metrics to an OTLP collector, with both, and with neither.";

const OFF = "off";
const METRICS = "metrics, read every second";
const OTLP = "OTLP: traces and metrics";
const BOTH = "both";
const PER_SECOND = 1_000;
const WARM = { perSecond: 4_000, seconds: 4 };
const SCRAPE_MS = 1_000;
/** What is still under way when the last event was published. */
const SETTLE_MS = 500;
const TARGET = 1.05;

export async function run({ quick, repeats, say }) {
  const seconds = quick ? 2 : 4;
  const collector = await serve("servers/otlp.mjs", {});
  const jobs = [];
  try {
    for (const [name, scraped, traced] of [
      [OFF, false, false],
      [METRICS, true, false],
      [OTLP, false, true],
      [BOTH, true, true],
    ])
      jobs.push(await open({ name, scraped, otlp: traced ? collector.url : undefined }));
    const variants = jobs.map((job) => ({ name: job.name, run: () => job.measure(seconds) }));
    const samples = await compare(variants, { repeats, warmups: quick ? 0 : 1, say });
    collector.child.send({ ask: "taken" });
    const { taken } = await heard(collector.child, (message) => "taken" in message);
    if (taken.traces === 0) throw new Error("the collector got no spans");
    return report(samples, taken);
  } finally {
    await Promise.all(jobs.map((job) => job.close()));
    await collector.close();
  }
}

function report(samples, taken) {
  const figure = "CPU µs/event";
  const off = samples.get(OFF)[figure];
  const rows = [...samples].map(([variant, figures]) => ({
    variant,
    figure,
    values: figures[figure],
    ...(variant === OFF ? {} : { against: { variant: OFF, values: off } }),
  }));
  const ratios = samples.get(METRICS)[figure].map((value, round) => value / off[round]);
  return {
    rows,
    targets: [
      {
        what: `CPU of an event with ${METRICS}, on ÷ off`,
        target: `≤ ${TARGET} ×`,
        values: ratios,
        unit: "×",
        met: median(ratios) <= TARGET,
        tried:
          "A scrape formats every counter by prom-client; at 1,000 events/s that is one scrape for 1,000 events.",
      },
    ],
    notes: [
      `At ${PER_SECOND.toLocaleString("en-US")} events/s, after ${(WARM.perSecond * WARM.seconds).toLocaleString("en-US")} events to warm up. The collector is a process that reads and forgets; it took ${taken.traces} requests with spans and ${taken.metrics} with metrics (sent once a minute).`,
    ],
  };
}

async function open({ name, scraped, otlp }) {
  const [pubsub, segment] = await Promise.all([
    serve("servers/pubsub-steady.mjs", {}),
    serve("servers/segment-clocked.mjs", {}),
  ]);
  const endpoint = `http://127.0.0.1:${segment.port}`;
  const { subscription, address } = pubsub;
  const place = `telemetry-${name.toLowerCase().replaceAll(/\W+/g, "-")}`;
  const pipeline = writePipeline(folder, place, { subscription, endpoint, eventsPerSecond: 10_000 });
  const args = ["run", pipeline, "--log-level", "info"];
  if (scraped) args.push("--metrics", "127.0.0.1:0");
  if (otlp) args.push("--otlp", otlp);
  const env = { PUBSUB_EMULATOR_HOST: address, BENCH_WRITE_KEY: WRITE_KEY };
  const job = launch(mainScript, args, { on: core.measured, env, expect: ["SIGKILL"] });
  const pass = async (perSecond, seconds) => {
    const scraping = new AbortController();
    const scrapes = scraped ? scrape(job, scraping.signal) : undefined;
    pubsub.child.send({ ask: "publish", perSecond, seconds });
    await Promise.race([heard(pubsub.child, (message) => "published" in message), job.ended]);
    for (let left = perSecond * seconds; left > 0; ) {
      await Promise.race([sleep(SETTLE_MS), job.ended]);
      segment.child.send({ ask: "report" });
      const { report } = await heard(segment.child, (message) => "report" in message);
      left -= report.delays.count;
    }
    scraping.abort();
    await scrapes;
  };
  await pass(WARM.perSecond, WARM.seconds);
  return {
    name,
    async measure(seconds) {
      const before = cpuMsOf(job.pid);
      await pass(PER_SECOND, seconds);
      return { "CPU µs/event": ((cpuMsOf(job.pid) - before) * 1_000) / (PER_SECOND * seconds) };
    },
    async close() {
      await stop(job.child, job.ended, "SIGKILL");
      await Promise.all([pubsub.close(), segment.close()]);
    },
  };
}

/** Until the signal; fails when the page cannot be read. */
async function scrape({ output }, signal) {
  while (!signal.aborted) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(output.stderr + output.stdout) ?? [];
    if (url) {
      const response = await fetch(`${url}/metrics`);
      if (!(await response.text()).includes("sluice_sink_events_delivered_total"))
        throw new Error(`no metrics at ${url}`);
    }
    await sleep(SCRAPE_MS, undefined, { signal }).catch(() => {}); // It is over: the loop sees that.
  }
}
