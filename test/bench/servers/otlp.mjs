// A collector of OpenTelemetry data over HTTP that takes everything and keeps nothing.
//
// Says { url }. { ask: "taken" } -> { taken: { traces, metrics } }: requests of each kind.

import { createServer } from "node:http";

const taken = { traces: 0, metrics: 0 };
const server = createServer((request, response) => {
  if (request.url === "/v1/traces") taken.traces += 1;
  if (request.url === "/v1/metrics") taken.metrics += 1;
  request.resume().on("end", () => response.setHeader("content-type", "application/json").end("{}"));
});
server.listen(0, "127.0.0.1", () => process.send({ url: `http://127.0.0.1:${server.address().port}` }));
process.on("message", ({ ask }) => {
  if (ask === "taken") process.send({ taken });
});
process.on("disconnect", () => process.exit(0));
