// Loaded before the program: names cannot be resolved while the file CHAOS_DNS_DOWN exists. A name that ends in
// `.chaos` is this machine.
import dns from "node:dns";
import { existsSync } from "node:fs";

const { lookup } = dns;

dns.lookup = (hostname, options, callback) => {
  const done = typeof options === "function" ? options : callback;
  if (existsSync(process.env.CHAOS_DNS_DOWN)) {
    const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), {
      code: "ENOTFOUND",
      hostname,
    });
    process.nextTick(done, error);
    return;
  }
  lookup(hostname.endsWith(".chaos") ? "127.0.0.1" : hostname, options, callback);
};
