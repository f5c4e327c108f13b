// Loaded before the program: the ids of some twentieth of all Segment events cannot be made, as if there were a mistake in
// the transform that makes them. For one event it is always so, whichever way it goes.
import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";

const UNLUCKY = /^[A-C]/;
const { hash } = crypto;

crypto.hash = (algorithm, data, encoding) => {
  const id = hash(algorithm, data, encoding);
  if (encoding === "base64url" && UNLUCKY.test(id)) throw new TypeError("a planted mistake");
  return id;
};

syncBuiltinESMExports();
