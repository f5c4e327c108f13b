// Credentials that end while a client lives, as Workload Identity's do: a subject token in a file, which is exchanged for
// access tokens, against a server that speaks TLS and one that gives tokens.

import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { Server, ServerCredentials } from "@grpc/grpc-js";
import { afterEach, expect, it, onTestFinished, vi } from "vitest";

import { unary } from "../../src/pubsub/unary.ts";
import { tempFolder } from "../support/temp-folder.ts";

// gRPC reads it once, when it is loaded.
vi.hoisted(() => {
  process.env["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"] = new URL(
    "../chaos/fixtures/tls/ca.pem",
    import.meta.url,
  ).pathname;
});

const PATH = "/google.pubsub.v1.Publisher/GetTopic";
const fixture = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../chaos/fixtures/tls/${name}`, import.meta.url)));

afterEach(() => void vi.unstubAllEnvs());

/** Answers everything, and keeps who asked. */
async function aPubSub() {
  const bearers: string[] = [];
  const server = new Server();
  const bytes = (it: Buffer) => it;
  const shape = {
    path: PATH,
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  } as const;
  server.addService(
    { GetTopic: shape },
    {
      GetTopic: (
        call: { metadata: { get(name: string): unknown[] } },
        done: (e: null, b: Buffer) => void,
      ) => {
        bearers.push(String(call.metadata.get("authorization")[0]));
        done(null, Buffer.alloc(0));
      },
    },
  );
  const tls = ServerCredentials.createSsl(null, [
    { cert_chain: fixture("good.pem"), private_key: fixture("server.key") },
  ]);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", tls, (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  onTestFinished(() => server.forceShutdown());
  return { bearers, endpoint: `https://localhost:${port}` };
}

/** Gives `token-1`, `token-2`, …, each for `seconds`. */
async function aTokenServer(seconds: number) {
  const subjects: string[] = [];
  const server = createServer(async (request, response) => {
    subjects.push(new URLSearchParams(await text(request)).get("subject_token") ?? "");
    const answer = {
      access_token: `token-${subjects.length}`,
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
      token_type: "Bearer",
      expires_in: seconds,
    };
    response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { subjects, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token` };
}

async function aClient(tokenUrl: string, endpoint: string) {
  const folder = await tempFolder();
  const subjectFile = join(folder, "subject");
  const credentialsFile = join(folder, "credentials.json");
  await writeFile(subjectFile, "subject-1");
  const credentials = {
    type: "external_account",
    audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/k",
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    token_url: tokenUrl,
    credential_source: { file: subjectFile },
  };
  await writeFile(credentialsFile, JSON.stringify(credentials));
  vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", credentialsFile);
  vi.stubEnv("GOOGLE_CLOUD_PROJECT", "p");
  const { connect } = await import("../../src/pubsub/connect.ts");
  const client = await connect({ endpoint, keepaliveMs: 30_000, keepaliveTimeoutMs: 10_000 });
  onTestFinished(() => client.close());
  const ask = () =>
    unary(
      client,
      { path: PATH, body: Buffer.alloc(0), resource: { field: "topic", name: "projects/p/topics/t" } },
      { timeoutMs: 10_000 },
    );
  return { ask, subjectFile };
}

it("gets a new access token when the old one ends, from the subject token as it is then", async () => {
  const [pubsub, tokens] = [await aPubSub(), await aTokenServer(1)];
  const { ask, subjectFile } = await aClient(tokens.url, pubsub.endpoint);
  await ask();
  await writeFile(subjectFile, "subject-2");
  await ask();
  const [first, second] = pubsub.bearers.map((bearer) => Number(/^Bearer token-(\d+)$/.exec(bearer)?.[1]));
  expect(second).toBeGreaterThan(first!);
  expect(tokens.subjects.at(0)).toBe("subject-1");
  expect(tokens.subjects.at(-1)).toBe("subject-2");
});

it("uses one access token for as long as it lasts", async () => {
  const [pubsub, tokens] = [await aPubSub(), await aTokenServer(3_600)];
  const { ask } = await aClient(tokens.url, pubsub.endpoint);
  for (let n = 0; n < 5; n++) await ask();
  expect(new Set(pubsub.bearers)).toEqual(new Set([`Bearer token-${tokens.subjects.length}`]));
  expect(tokens.subjects).toHaveLength(1);
});
