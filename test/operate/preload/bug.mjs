// Loaded before the program: the id of every twentieth Segment event cannot be made, as if there were a mistake in the
// transform that makes it.
import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";

const EVERY = 20;
const { hash } = crypto;
let calls = 0;

crypto.hash = (algorithm, data, encoding) => {
  if (encoding === "base64url" && ++calls % EVERY === 0) throw new TypeError("a planted mistake");
  return hash(algorithm, data, encoding);
};

syncBuiltinESMExports();
