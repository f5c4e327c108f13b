// A Prometheus server (Debian's package) that scrapes the program every second and evaluates the alerts, and the list
// of when each of them fired and was over.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 250;
const START_MS = 60_000;

/** Empty: both are there. */
export const missingTools = ["prometheus", "promtool"].filter(
  (program) => spawnSync(program, ["--version"]).status !== 0,
);

export interface AlertTime {
  readonly alert: string;
  readonly firedAtMs: number;
  clearedAtMs: number | undefined;
}

export interface PrometheusOptions {
  readonly folder: string;
  readonly rules: string;
  readonly port: number;
  readonly target: string;
}

interface AlertsAnswer {
  readonly data: {
    readonly alerts: readonly { readonly state: string; readonly labels: { alertname: string } }[];
  };
}

export class Prometheus {
  /** In the order in which they fired. */
  readonly history: AlertTime[] = [];
  private readonly polling = new AbortController();
  private readonly polled: Promise<void>;

  private lastAlertAtMs = performance.now();

  private constructor(
    private readonly child: ChildProcess,
    private readonly url: string,
  ) {
    this.polled = this.poll();
  }

  /** Throws when promtool refuses the rules. */
  static async start({ folder, rules, port, target }: PrometheusOptions): Promise<Prometheus> {
    await mkdir(folder, { recursive: true });
    const file = join(folder, "prometheus.yaml");
    await writeFile(join(folder, "alerts.yaml"), rules);
    await writeFile(
      file,
      JSON.stringify({
        global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
        rule_files: ["alerts.yaml"],
        scrape_configs: [{ job_name: "sluice", static_configs: [{ targets: [target] }] }],
      }),
    );
    const checked = spawnSync("promtool", ["check", "config", file], { encoding: "utf8" });
    if (checked.status !== 0) throw new Error(`promtool: ${checked.stdout}${checked.stderr}`);
    const address = `127.0.0.1:${port}`;
    const storage = `--storage.tsdb.path=${join(folder, "tsdb")}`;
    const args = [`--config.file=${file}`, storage, `--web.listen-address=${address}`, "--log.level=error"];
    const child = spawn("prometheus", args, { stdio: ["ignore", "ignore", "inherit"] });
    const url = `http://${address}`;
    const deadline = performance.now() + START_MS;
    while (!(await isReady(url))) {
      if (child.exitCode !== null || performance.now() > deadline) {
        child.kill("SIGKILL");
        throw new Error("Prometheus did not start");
      }
      await sleep(POLL_MS);
    }
    return new Prometheus(child, url);
  }

  get firing(): readonly string[] {
    return this.history.filter(({ clearedAtMs }) => clearedAtMs === undefined).map(({ alert }) => alert);
  }

  /** For so long none has fired, and none has been about to. */
  get calmMs(): number {
    return performance.now() - this.lastAlertAtMs;
  }

  /** Whether each of them has fired since then. */
  haveFired(alerts: readonly string[], sinceMs: number): boolean {
    return alerts.every((alert) =>
      this.history.some((time) => time.alert === alert && time.firedAtMs >= sinceMs),
    );
  }

  async close(): Promise<void> {
    this.polling.abort();
    await this.polled;
    if (this.child.exitCode !== null) return;
    const gone = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await gone;
  }

  private async poll(): Promise<void> {
    while (!this.polling.signal.aborted) {
      const { firing, isAny } = await this.ask();
      const now = performance.now();
      if (isAny) this.lastAlertAtMs = now;
      for (const alert of firing)
        if (!this.firing.includes(alert))
          this.history.push({ alert, firedAtMs: now, clearedAtMs: undefined });
      for (const time of this.history)
        if (time.clearedAtMs === undefined && !firing.has(time.alert)) time.clearedAtMs = now;
      await sleep(POLL_MS);
    }
  }

  private async ask(): Promise<{ readonly firing: ReadonlySet<string>; readonly isAny: boolean }> {
    const response = await fetch(`${this.url}/api/v1/alerts`);
    const { data } = (await response.json()) as AlertsAnswer; // Prometheus' documented answer.
    const names = data.alerts.filter(({ state }) => state === "firing").map(({ labels }) => labels.alertname);
    return { firing: new Set(names), isAny: data.alerts.length > 0 };
  }
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/-/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
}
