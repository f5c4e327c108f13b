// `make audit` with npm itself and a registry on this machine.

import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { describe, it, type TestContext } from "vitest";

/** What the audit says with a registry on this machine that answers like this to the question for weaknesses. */
async function audited({ onTestFinished }: TestContext, status: number, answer: object, env = {}) {
  const registry = createServer((request, response) => {
    request.resume();
    const isQuestion = request.url?.startsWith("/-/npm/v1/security/advisories/bulk");
    response.writeHead(isQuestion ? status : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(isQuestion ? answer : {}));
  });
  await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void registry.close());
  const url = `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`;
  return new Promise<{ code: unknown; said: string }>((resolve) => {
    const options = { env: { ...process.env, npm_config_registry: url, SLUICE_AUDIT: "", ...env } };
    execFile(process.execPath, ["scripts/audit.mjs"], options, (error, said) =>
      resolve({ code: error?.code ?? 0, said }),
    );
  });
}

describe.concurrent("the audit with the registry", { timeout: 240_000 }, () => {
  const WEAKNESSES = "known weaknesses of the shipped packages";

  it("fails when a shipped package has a known weakness, and names it", async (context) => {
    const { expect } = context;
    const advisory = { id: 1, url: "http://x", title: "t", severity: "high", vulnerable_versions: "<999" };
    const { code, said } = await audited(context, 200, { undici: [advisory] });
    expect(said).toContain(`FAIL ${WEAKNESSES}\n`);
    expect(said).toContain("  undici: high");
    expect(code).toBe(1);
  });

  it("says loudly what the registry does not answer, and fails for it where that is required", async (context) => {
    const { expect } = context;
    const { code, said } = await audited(context, 405, {}, { SLUICE_AUDIT: "required" });
    expect(said).toContain(`NOT CHECKED ${WEAKNESSES}: the registry did not answer (status 405)`);
    expect(said).toContain("NOT CHECKED signatures");
    expect(code).toBe(1);
  });

  it("passes what the registry knows nothing against, also where it has no signatures to look at", async (context) => {
    const { expect } = context;
    const { code, said } = await audited(context, 200, {});
    expect(said).toContain(`ok   ${WEAKNESSES}`);
    expect(said).toContain("NOT CHECKED signatures");
    expect(code).toBe(0);
  });
});
