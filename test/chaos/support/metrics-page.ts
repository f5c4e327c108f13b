// What the program says of itself on its page of metrics. It needs `--metrics 127.0.0.1:0` on its command line.

import type { World } from "./world.ts";

export const withMetrics = ["--metrics", "127.0.0.1:0"] as const;

/** The sum of a metric's values; `labels` is what must stand between its braces, such as `type="Timeout"`. */
export async function metricOf(world: World, name: string, labels = ""): Promise<number> {
  const [, url] = await world.program.says(/"url":"(http:[^"]*)","msg":"metrics and health are served"/);
  const page = await (await fetch(`${url}/metrics`)).text();
  let sum = 0;
  for (const line of page.split("\n"))
    if (line.startsWith(`${name}{`) && line.includes(labels))
      sum += Number(line.slice(line.lastIndexOf(" ")));
  return sum;
}
