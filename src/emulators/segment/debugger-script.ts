// The page's script, as text: it runs in the browser. Whatever came in an event reaches the page through
// textContent only.

export const DEBUGGER_SCRIPT = `
"use strict";
const list = document.getElementById("list");
const detail = document.getElementById("detail");
const stats = document.getElementById("stats");
const filter = document.getElementById("filter");
const pause = document.getElementById("pause");
const empty = document.getElementById("empty");
let rows = [];
let selected = 0;
let paused = false;
let before = null;

function element(tag, text, className) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function rowOf(entry) {
  const event = entry.event !== null && typeof entry.event === "object" ? entry.event : {};
  return {
    seq: entry.seq,
    good: entry.code === undefined,
    type: String(event.type ?? "?"),
    name: String(event.event ?? event.name ?? event.properties?.key ?? event.userId ?? ""),
    at: String(event.receivedAt ?? entry.receivedAt ?? "").slice(11, 23),
    note: entry.code === undefined ? String(event.messageId ?? "") : entry.code + ": " + entry.reason,
    text: JSON.stringify(entry.code === undefined ? event : entry, null, 2),
  };
}

function show(row) {
  selected = row.seq;
  detail.textContent = row.text;
  for (const button of list.querySelectorAll("button"))
    button.setAttribute("aria-current", String(Number(button.dataset.seq) === selected));
}

function buttonOf(row) {
  const button = element("button", "");
  button.type = "button";
  button.dataset.seq = String(row.seq);
  button.setAttribute("aria-current", String(row.seq === selected));
  button.append(
    element("span", row.good ? row.type : "dropped", row.good ? "ok" : "bad"),
    element("span", row.good ? row.name : row.type + " " + row.name),
    element("span", row.at),
    element("small", row.note),
  );
  button.addEventListener("click", () => show(row));
  const item = document.createElement("li");
  item.append(button);
  return item;
}

function draw() {
  const wanted = filter.value.trim().toLowerCase();
  const visible = rows.filter((row) => wanted === "" || row.text.toLowerCase().includes(wanted));
  const focused = document.activeElement?.dataset?.seq;
  list.replaceChildren(...visible.map(buttonOf));
  if (visible.length === 0) {
    empty.textContent = rows.length === 0 ? "No events yet. Post some to /v1/batch." : "No event matches the filter.";
    list.append(empty);
  }
  if (focused !== undefined) list.querySelector('button[data-seq="' + Number(focused) + '"]')?.focus();
}

function drawStats(now) {
  const seconds = before ? (now.at - before.at) / 1000 : 0;
  const rate = seconds > 0 ? Math.max(0, (now.accepted - before.accepted) / seconds) : 0;
  before = now;
  const dropped = Object.values(now.dropped).reduce((sum, n) => sum + n, 0);
  const parts = [["accepted", now.accepted], ["per second", Math.round(rate)], ["duplicates", now.duplicates],
    ["dropped", dropped], ["requests", now.requests]];
  stats.replaceChildren(...parts.map(([label, value]) => {
    const part = element("span", label + " ");
    part.append(element("b", Number(value).toLocaleString("en")));
    return part;
  }));
}

async function refresh() {
  try {
    const [events, counts] = await Promise.all([
      fetch("/events.json?limit=100").then((answer) => answer.json()),
      fetch("/stats.json").then((answer) => answer.json()),
    ]);
    rows = [...events.events, ...events.dropped].map(rowOf).sort((a, b) => b.seq - a.seq).slice(0, 100);
    draw();
    drawStats({ ...counts, at: performance.now() });
  } catch {
    stats.textContent = "The local Segment does not answer.";
  }
}

filter.addEventListener("input", draw);
pause.addEventListener("click", () => {
  paused = !paused;
  pause.textContent = paused ? "Resume" : "Pause";
  pause.setAttribute("aria-pressed", String(paused));
});
setInterval(() => { if (!paused && !document.hidden) void refresh(); }, 1000);
void refresh();
`;
