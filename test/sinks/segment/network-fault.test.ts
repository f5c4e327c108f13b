import { expect, test } from "vitest";

import {
  bare,
  DeadlineError,
  isClientBug,
  networkCode,
  StoppedError,
  wasSurelyNotTaken,
} from "../../../src/sinks/segment/network-fault.ts";

function withCode(code: string): Error {
  return Object.assign(new Error(code), { code });
}

test.each([
  ["ECONNREFUSED", "connection-refused"],
  ["ECONNRESET", "connection-reset"],
  ["EPIPE", "connection-reset"],
  ["UND_ERR_SOCKET", "connection-reset"],
  ["ENOTFOUND", "dns"],
  ["EAI_AGAIN", "dns"],
  ["UND_ERR_CONNECT_TIMEOUT", "timeout"],
  ["ETIMEDOUT", "timeout"],
  ["EHOSTUNREACH", "unreachable"],
  ["CERT_HAS_EXPIRED", "tls"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "tls"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "tls"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "tls"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "tls"],
  ["HPE_INVALID_CONSTANT", "bad-response"],
  ["UND_ERR_HEADERS_OVERFLOW", "bad-response"],
  ["E_UNHEARD_OF", "network"],
])("%s is told as %s", (code, expected) => {
  expect(networkCode(withCode(code))).toBe(expected);
  expect(networkCode(new Error("fetch failed", { cause: withCode(code) }))).toBe(expected);
});

test("an error keeps its text and loses what the server sent", () => {
  const error = Object.assign(new Error("no HTTP: key"), {
    name: "HTTPParserError",
    data: "key",
    code: undefined,
  });
  expect(networkCode(error)).toBe("bad-response");
  const copy = bare(error, (text) => text.replace("key", "[redacted]"));
  expect({ ...copy, name: copy.name, message: copy.message }).toEqual({
    name: "HTTPParserError",
    message: "no HTTP: [redacted]",
  });
});

test("our own deadline and stop have their own codes", () => {
  expect(networkCode(new DeadlineError(10))).toBe("timeout");
  expect(networkCode(new StoppedError())).toBe("stopped");
  expect(networkCode(new Error("plain"))).toBe("network");
});

test("only what never reached the server is surely not taken", () => {
  expect(["connection-refused", "dns", "tls", "unreachable"].every(wasSurelyNotTaken)).toBe(true);
  expect(["timeout", "connection-reset", "bad-response", "network", "stopped"].some(wasSurelyNotTaken)).toBe(
    false,
  );
});

test("wrong use of the client is a bug, not weather", () => {
  expect(isClientBug(withCode("UND_ERR_INVALID_ARG"))).toBe(true);
  expect(isClientBug(withCode("ECONNRESET"))).toBe(false);
});
