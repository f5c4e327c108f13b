// Loaded with --import into every process that is measured: when it ends, it writes what it used to the file that
// SLUICE_BENCH_USAGE names. (The peak is VmHWM and not getrusage's, which begins at the size of the parent.)

import { writeFileSync } from "node:fs";

import { peakBytesOf } from "./proc.mjs";

const file = process.env["SLUICE_BENCH_USAGE"];
if (file) {
  process.on("exit", () => {
    const { user, system } = process.cpuUsage();
    writeFileSync(file, JSON.stringify({ cpuMs: (user + system) / 1000, peakBytes: peakBytesOf("self") }));
  });
}
