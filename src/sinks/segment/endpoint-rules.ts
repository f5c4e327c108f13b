// Which endpoints a person may name for a destination (server-side request forgery). Whoever may edit destinations
// must not reach what only this machine can reach: its own services, the private network, the cloud's metadata.
//
// A name is checked when it is given, and its addresses again at each connection, because a name may resolve to
// something else later (DNS rebinding). WHATWG URL parsing has normalised other ways of writing an address before
// (0xa9fea9fe, 2852039166, 127.1). Redirects are never followed.

import { lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

import type { Reach } from "../../engine/reach.ts";

export const publicOnly: Reach = { loopback: false, hosts: new Set() };

const MAX_ALLOWED_HOSTS = 100;
const LOWEST_UNPRIVILEGED_PORT = 1024;
const METADATA_NAMES = new Set(["metadata.google.internal", "metadata", "instance-data"]);

/** `loopback`, and names or addresses of hosts, separated by commas or white space. */
export function parseReach(text: string | undefined): Reach {
  const words = (text ?? "").split(/[\s,]+/).filter((word) => word !== "");
  const hosts = words.filter((word) => word !== "loopback").map((host) => host.toLowerCase());
  return { loopback: words.includes("loopback"), hosts: new Set(hosts.slice(0, MAX_ALLOWED_HOSTS)) };
}

/** What is wrong with an endpoint as it is written; undefined: nothing. */
export function endpointProblem(endpoint: string, allowed: Reach): string | undefined {
  if (!URL.canParse(endpoint)) return "is not a URL";
  const url = new URL(endpoint);
  if (url.username !== "" || url.password !== "") return "must not hold a user name or password";
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (allowed.hosts.has(host)) return undefined;
  const isLocal = host === "localhost" || (isIP(host) !== 0 && isLoopback(host));
  if (isLocal && allowed.loopback) return undefined;
  if (url.protocol !== "https:") return "must begin with https://";
  if (host.endsWith(".")) return "must not end in a dot";
  if (isLocal || METADATA_NAMES.has(host) || (isIP(host) !== 0 && isForbidden(host, allowed)))
    return "points into this machine or a private network; allow its host with SLUICE_ENDPOINT_ALLOW if it is meant";
  const port = url.port === "" ? 443 : Number(url.port);
  if (port !== 443 && port !== 80 && port < LOWEST_UNPRIVILEGED_PORT)
    return `must not use port ${port}: 443, 80 or one from ${LOWEST_UNPRIVILEGED_PORT} on`;
  return undefined;
}

/** A connection was refused because of where its name led. */
export class ForbiddenAddress extends Error {
  override readonly name = "ForbiddenAddress";
  readonly code = "ERR_FORBIDDEN_ADDRESS";
}

/** Resolves names as Node does, and fails when any of the addresses is not to be connected to. */
export function guardedLookup(allowed: Reach): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) {
        callback(error, "", 0);
        return;
      }
      const forbidden =
        !allowed.hosts.has(hostname.toLowerCase()) &&
        found.some(({ address }) => isForbidden(address, allowed));
      const [first] = found;
      if (forbidden || !first) {
        callback(new ForbiddenAddress(`${hostname} leads to an address that is not public`), "", 0);
        return;
      }
      if (options.all) callback(null, found);
      else callback(null, first.address, first.family);
    });
  };
}

export function isForbidden(address: string, { loopback }: Reach): boolean {
  if (isLoopback(address)) return !loopback;
  return notPublic.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

function isLoopback(address: string): boolean {
  return loopbacks.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

// IPv4 rules also hold for IPv4-mapped IPv6 addresses; NAT64 and 6to4 must be named.
const loopbacks = listOf(["127.0.0.0/8"], ["::1/128"]);
const notPublic = listOf(
  [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
  ],
  [
    "::/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001:db8::/32",
    "2002::/16",
    "fc00::/7",
    "fe80::/9",
    "ff00::/8",
  ],
);

function listOf(ipv4: readonly string[], ipv6: readonly string[]): BlockList {
  const list = new BlockList();
  for (const [family, subnets] of [
    ["ipv4", ipv4],
    ["ipv6", ipv6],
  ] as const) {
    for (const subnet of subnets) {
      const [address, bits] = subnet.split("/");
      list.addSubnet(address!, Number(bits), family);
    }
  }
  return list;
}
