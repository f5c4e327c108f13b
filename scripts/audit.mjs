// Asks the registry for the signatures of what is installed and for known weaknesses of what is shipped. A finding
// fails. A registry, or a network, that does not offer the answer is said in one line: it is neither a pass nor a failure
// (SLUICE_AUDIT=required: it is a failure, as where the package is published).
import { spawnSync } from "node:child_process";

const LIMIT_MS = 60_000;
const isRequired = process.env.SLUICE_AUDIT === "required";
const npm = ["--json", "--fetch-retries=0", "--fetch-timeout=10000"];

/** Each yields what is wrong; undefined: this is no answer to the question. */
const questions = [
  {
    name: "signatures and provenance of the installed packages",
    args: ["audit", "signatures", ...npm],
    findings: ({ invalid, missing }) =>
      Array.isArray(invalid) && Array.isArray(missing)
        ? [
            ...invalid.map(({ name, version }) => `${name}@${version}: the signature is wrong`),
            ...missing.map(({ name, version }) => `${name}@${version}: there is no signature`),
          ]
        : undefined,
  },
  {
    name: "known weaknesses of the shipped packages",
    args: ["audit", "--omit=dev", "--audit-level=low", ...npm],
    findings: ({ vulnerabilities }) =>
      vulnerabilities === undefined
        ? undefined
        : Object.values(vulnerabilities).map(({ name, severity }) => `${name}: ${severity}`),
  },
];

let failed = 0;
for (const { name, args, findings } of questions) {
  const { found, reason } = ask(args, findings);
  if (found === undefined) {
    console.log(`NOT CHECKED ${name}: the registry did not answer (${reason})`);
    if (isRequired) failed += 1;
  } else if (found.length > 0) {
    console.log(`FAIL ${name}\n${found.map((line) => `  ${line}`).join("\n")}`);
    failed += 1;
  } else console.log(`ok   ${name}`);
}
process.exitCode = failed === 0 ? 0 : 1;

function ask(args, findings) {
  const { stdout, error } = spawnSync("npm", args, { encoding: "utf8", timeout: LIMIT_MS });
  if (error) return { reason: error.code };
  let answer;
  try {
    answer = JSON.parse(stdout);
  } catch {
    return { reason: "no JSON" };
  }
  const { error: refused, statusCode, message } = answer;
  if (statusCode !== undefined) return { reason: `status ${statusCode}` };
  if (refused)
    return { reason: [refused.code, refused.summary ?? message].filter(Boolean).join(" ").slice(0, 160) };
  return { found: findings(answer), reason: "an answer of another form" };
}
