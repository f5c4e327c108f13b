// Numbers and times for people.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export function count(n: number): string {
  return whole.format(n);
}

/** 12,345 stays; a million becomes 1M. */
export function compact(n: number): string {
  return n < 100_000 ? whole.format(n) : short.format(n);
}

export function perSecond(n: number): string {
  return n === 0 ? "0/s" : n < 10 ? `${tenth.format(n)}/s` : `${compact(n)}/s`;
}

export function bytes(n: number): string {
  if (n < 1024) return `${whole.format(n)} B`;
  const kib = n / 1024;
  return kib < 1024 ? `${tenth.format(kib)} KiB` : `${tenth.format(kib / 1024)} MiB`;
}

/** `3 s`, `4 min`, `2 h`, `5 d`. */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 1) return `${Math.round(ms)} ms`;
  if (seconds < 10) return `${tenth.format(seconds)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayClock = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** The time of day; with the day when it is not today. */
export function time(at: number | string, nowMs = Date.now()): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return String(at);
  return date.toDateString() === new Date(nowMs).toDateString() ? clock.format(date) : dayClock.format(date);
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
