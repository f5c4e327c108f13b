// Packages that consist of hundreds of small files are most of the time that the command line takes to start: TypeBox
// alone has 373, read one by one. Each is put into one file of `dist/packages`, and the build imports that. They stay
// dependencies like any other; what listens to a network (gRPC, undici) is left where a security update reaches it.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

import { rolldown } from "rolldown";

const PACKAGES = ["ajv", "typebox", "yaml", "yargs"];
const FOLDER = "dist/packages";

/** Where `name` is imported from the named files, its bundle is imported in its place. */
export async function bundlePackages() {
  const notices = [];
  for (const name of PACKAGES) {
    // By name: `export *` of a CommonJS package gives nothing.
    const exports = Object.keys(await import(name)).filter((one) => /^\w+$/.test(one));
    const code = `export { ${exports.join(", ")} } from ${JSON.stringify(name)};`;
    const bundle = await rolldown({
      input: "entry",
      platform: "node",
      logLevel: "warn",
      plugins: [{ name: "entry", resolveId: own, load: (id) => own(id) && code }],
    });
    const { output } = await bundle.write({ file: join(FOLDER, `${name}.js`), format: "esm" });
    for (const root of packageRoots(output[0].moduleIds)) notices.push(noticeOf(root));
  }
  writeFileSync(join(FOLDER, "LICENSES.txt"), [...new Set(notices)].sort().join("\n\n"));
  for (const file of builtFiles()) importBundles(file);
}

const own = (id) => (/^\0?entry$/.test(id) ? "\0entry" : null);

function packageRoots(moduleIds) {
  const roots = moduleIds.map((id) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1]);
  return [...new Set(roots.filter((root) => root !== undefined))];
}

/** Their licences ask for it: the notice goes where the code goes. */
function noticeOf(root) {
  const { name, version, license } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const file = readdirSync(root).find((one) => /^licen[cs]e/i.test(one));
  const text = file === undefined ? `Licence: ${license}` : readFileSync(join(root, file), "utf8");
  return `=== ${name} ${version}\n\n${text.trim()}`;
}

function builtFiles() {
  return readdirSync("dist", { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".js") && !path.startsWith("packages"))
    .map((path) => join("dist", path));
}

function importBundles(file) {
  const text = readFileSync(file, "utf8");
  const to = relative(dirname(file), FOLDER);
  const changed = text.replace(/^(import [^;]*?from )"([a-z-]+)";$/gm, (statement, start, name) =>
    PACKAGES.includes(name) ? `${start}"${to.startsWith(".") ? to : `./${to}`}/${name}.js";` : statement,
  );
  if (changed !== text) writeFileSync(file, changed);
}
