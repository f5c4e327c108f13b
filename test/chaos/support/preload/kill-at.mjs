// Loaded before the program: it kills itself in the middle of a save of the checkpoint, at CHAOS_KILL_AT, which is
// `<point>:<n>`: the nth time that the point is reached. Points: written (aside, not synced), synced, renamed.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const [point, times] = process.env.CHAOS_KILL_AT.split(":");
let left = Number(times);

function reached(here) {
  if (here === point && --left === 0) process.kill(process.pid, "SIGKILL");
}

const { open, rename } = fs.promises;

fs.promises.open = async (path, ...rest) => {
  const handle = await open(path, ...rest);
  if (!String(path).endsWith("checkpoint.json.new")) return handle;
  const { sync } = handle;
  handle.sync = async () => {
    reached("written");
    await sync.call(handle);
    reached("synced");
  };
  return handle;
};

fs.promises.rename = async (from, to) => {
  await rename(from, to);
  if (String(to).endsWith("checkpoint.json")) reached("renamed");
};

syncBuiltinESMExports();
