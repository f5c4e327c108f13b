// Loaded before the program: its wall clock is off by the number of ms in the file CHAOS_CLOCK_OFFSET, looked at
// every 20 ms; "frozen" stops it. Monotonic time goes on, as it does when somebody sets the clock of a machine.
import { readFileSync } from "node:fs";

const real = Date.now.bind(Date);
let offset = 0;
let frozenAt;

function look() {
  const text = readFileSync(process.env.CHAOS_CLOCK_OFFSET, "utf8").trim();
  if (text === "frozen") frozenAt ??= real() + offset;
  else if (text !== "") {
    offset = Number(text);
    frozenAt = undefined;
  }
}

look();
setInterval(look, 20).unref();
const now = () => frozenAt ?? real() + offset;

globalThis.Date = class extends Date {
  constructor(...args) {
    if (args.length === 0) super(now());
    else super(...args);
  }
  static now() {
    return now();
  }
};
