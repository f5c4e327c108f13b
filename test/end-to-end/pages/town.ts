// The built program with its console, between a local Pub/Sub and a local Segment, and nothing declared in git.

import { newMasterKey } from "../../../src/destinations/master-keys.ts";
import { exported } from "../../support/fixtures.ts";
import { pipelineYaml, type Program, start, SUBSCRIPTION, TOPIC, town } from "../../support/program.ts";

export const feature = exported("feature");
export const ENVIRONMENT = String(feature["environment"]);
export const FLAG = String((feature["event"] as Record<string, unknown>)["key"]);

export interface ConsoleTownOptions {
  readonly token?: string;
  readonly environments?: readonly string[];
  readonly yaml?: string;
}

export async function consoleTown(options: ConsoleTownOptions = {}) {
  const world = await town(options.environments ?? []);
  if (options.environments === undefined) {
    await world.write("destinations.yaml", "destinations: []\n");
    await world.write("enablement.yaml", "environments: []\n");
  }
  world.pubsub.createTopic(TOPIC);
  world.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 10 });
  const pipeline = await world.write(
    "p.yaml",
    options.yaml ?? pipelineYaml({ decode: "{ type: json-decode }" }),
  );
  const program: Program = start(["run", pipeline, "--console", "127.0.0.1:0"], {
    cwd: world.folder,
    env: {
      ...world.env,
      SLUICE_SECRET_KEY: newMasterKey(),
      SLUICE_ENDPOINT_ALLOW: "loopback",
      ...(options.token === undefined ? {} : { SLUICE_CONSOLE_TOKEN: options.token }),
    },
  });
  await program.says('"running"');
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(program.output.stderr)?.[0] ?? "";
  let published = 0;
  return {
    ...world,
    program,
    url,
    publishText(text: string): void {
      world.pubsub.publish(TOPIC, [{ data: Buffer.from(text) }]);
    },
    /** A flag evaluation, changed by `event` and `envelope`. */
    publish(event: object = {}, envelope: object = {}): string {
      const id = `evaluation-${published++}`;
      const whole = { ...feature, ...envelope, event: { ...(feature["event"] as object), id, ...event } };
      world.pubsub.publish(TOPIC, [{ data: Buffer.from(JSON.stringify(whole)) }]);
      return id;
    },
  };
}
