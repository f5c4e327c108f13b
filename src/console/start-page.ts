// A page that says what is here, until there are more. No script, no styles: the content security policy holds.

import type { FastifyInstance } from "fastify";

import type { ConsoleWorld } from "./console-world.ts";

const ROUTES: readonly (readonly [methods: string, path: string, what: string])[] = [
  ["GET", "/api/v2/destinations", "destinations"],
  ["POST", "/api/v2/destinations/{project}/{environment}", "create one"],
  ["GET PATCH DELETE", "/api/v2/destinations/{project}/{environment}/{id}", "one destination"],
  ["POST", "/api/v2/destinations/{project}/{environment}/{id}/test", "send test events"],
  ["GET", "/api/v2/destinations/{project}/{environment}/{id}/status", "state and counters"],
  ["GET", "/api/v2/flags/{project}", "flags and where they are exported"],
  ["GET PATCH", "/api/v2/flags/{project}/{flag}", "one flag"],
  ["GET", "/api/sluice/enablement", "environments"],
  ["PATCH DELETE", "/api/sluice/enablement/{project}/{environment}", "one environment"],
  ["GET", "/api/sluice/pipelines", "running pipelines"],
  ["GET", "/api/sluice/dead-letters", "dead letters"],
  ["GET", "/openapi.json", "all of this for programs"],
];

export function startPage(app: FastifyInstance, world: ConsoleWorld): void {
  app.get("/", { schema: { hide: true } }, async (_, reply) =>
    reply.type("text/html; charset=utf-8").send(page(world)),
  );
}

function page({ version }: ConsoleWorld): string {
  const rows = ROUTES.map(([methods, path, what]) => {
    const shown = methods.startsWith("GET") && !path.includes("{") ? `<a href="${path}">${path}</a>` : path;
    return `<tr><td>${methods}</td><td><code>${shown}</code></td><td>${what}</td></tr>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sluice</title></head>
<body><h1>Sluice ${version}</h1><table>
<tr><th>method</th><th>path</th><th>what</th></tr>
${rows.join("\n")}
</table></body></html>
`;
}
