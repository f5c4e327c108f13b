// Why a sink did not take events. A code that ends in `*` stands for a family.

import type { FaultKind } from "../engine/errors.ts";
import type { CodeMeaning } from "./codes.ts";

export interface FaultMeaning extends CodeMeaning {
  readonly kind: FaultKind;
}

const weather = "Nothing, if it passes: the same events are sent again, with the same message ids.";

export const faultCodes = {
  "http-*": {
    kind: "misconfigured",
    meaning:
      "Segment, or something in front of it, answered with this status. What it means depends on the status.",
    fix: "`sluice explain http-401` and so on tells what a status means here.",
  },
  timeout: {
    kind: "unavailable",
    meaning: "No answer within the request's deadline. The events may or may not have been taken.",
    fix: weather,
  },
  dns: {
    kind: "unavailable",
    meaning: "The host's name cannot be resolved.",
    fix: "Check the destination's endpoint and the machine's name servers if it goes on.",
  },
  tls: {
    kind: "unavailable",
    meaning: "No secure connection: a certificate is expired, unknown or for another host.",
    fix: "Check the endpoint, the clock, and proxies that replace certificates (NODE_EXTRA_CA_CERTS).",
  },
  network: {
    kind: "unavailable",
    meaning: "The connection failed for a reason without a better name.",
    fix: weather,
  },
  unreachable: {
    kind: "unavailable",
    meaning: "There is no route to the host.",
    fix: "Check the network and its firewall.",
  },
  "connection-refused": {
    kind: "unavailable",
    meaning: "Nothing listens at the endpoint.",
    fix: "Check the endpoint; in a local setup start `sluice emulate segment`.",
  },
  "connection-reset": {
    kind: "unavailable",
    meaning: "The connection broke while the request was under way.",
    fix: weather,
  },
  "bad-response": {
    kind: "unavailable",
    meaning: "What answers does not speak HTTP, or broke off before a status.",
    fix: "Check the endpoint and what stands in front of it.",
  },
  stopped: {
    kind: "unavailable",
    meaning: "The run stopped while the request was under way.",
    fix: "Nothing: the events were given back and come again.",
  },
  "endpoint-invalid": {
    kind: "misconfigured",
    meaning: "The destination's endpoint is not an http or https URL, or holds a password.",
    fix: "Correct `endpoint` in the destinations.",
  },
  "endpoint-refused": {
    kind: "misconfigured",
    meaning:
      "The destination's endpoint leads to an address that destinations may not use, such as one inside the network.",
    fix: "Correct the endpoint, or allow the address where the console is started.",
  },
  "write-key-unavailable": {
    kind: "misconfigured",
    meaning: "The destination's write key cannot be read.",
    fix: "Check the file or variable that it refers to.",
  },
  "write-key-invalid": {
    kind: "misconfigured",
    meaning: "The destination's write key cannot be one: Segment would answer 400 to every event.",
    fix: "Copy it again from Segment, Connections, Sources, Settings, API Keys.",
  },
  "destination-deleted": {
    kind: "rejected",
    meaning: "The destination was deleted while events were held for it.",
    fix: "Create it again and redrive the dead letters, or leave them.",
  },
  "destination-off": {
    kind: "rejected",
    meaning: "The destination was switched off while events were held for it.",
    fix: "Switch it on and redrive the dead letters, or leave them.",
  },
  "disk-full": {
    kind: "unavailable",
    meaning: "The disk, or a quota on it, is full. Nothing is acked meanwhile.",
    fix: "Make room; the pipeline goes on by itself.",
  },
  "disk-error": {
    kind: "unavailable",
    meaning: "The disk does not answer properly.",
    fix: "Look at the machine's own logs.",
  },
  "disk-read-only": {
    kind: "unavailable",
    meaning: "The file system is read-only.",
    fix: "Mount it for writing.",
  },
  "disk-busy": { kind: "unavailable", meaning: "The disk cannot take more at the moment.", fix: weather },
  "too-many-open-files": {
    kind: "unavailable",
    meaning: "The process may open no more files.",
    fix: "Raise the limit (ulimit -n).",
  },
  "file-*": {
    kind: "misconfigured",
    meaning: "The file system refuses the path, for example file-eacces: no permission.",
    fix: "Mend the path or its permissions.",
  },
  "pubsub-*": {
    kind: "misconfigured",
    meaning: "Pub/Sub answered with this gRPC status, for example pubsub-not-found.",
    fix: "not-found: create the topic or subscription. permission-denied: grant roles/pubsub.publisher on the topic, roles/pubsub.subscriber on the subscription. unauthenticated: provide Google credentials. Others pass by themselves.",
  },
} as const satisfies Record<string, FaultMeaning>;
