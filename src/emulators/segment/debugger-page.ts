// The page at `/`: the last events, as Segment's debugger would show them. One file without any request but the one
// for `/events.json` and `/stats.json`; the CSP allows nothing else.

import { createHash } from "node:crypto";

import { DEBUGGER_SCRIPT } from "./debugger-script.ts";

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --ok: #14804a; --bad: #b3261e; --accent: #2f6fde; }
@media (prefers-color-scheme: dark) { :root { --ok: #5bd394; --bad: #ff8a80; --accent: #8ab4ff; } }
* { box-sizing: border-box; }
body { margin: 0; font: 14px/1.45 system-ui, sans-serif; display: flex; flex-direction: column; height: 100dvh; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; padding: .6rem 1rem; border-bottom: 1px solid var(--line); }
h1 { font-size: 1rem; margin: 0; }
#stats { margin: 0; display: flex; flex-wrap: wrap; gap: .2rem 1rem; flex: 1; }
#stats span b { font-variant-numeric: tabular-nums; }
input, button { font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 6px; padding: .3rem .6rem; }
button { cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
main { flex: 1; min-height: 0; display: grid; grid-template-columns: minmax(20rem, 2fr) 3fr; }
#list { list-style: none; margin: 0; padding: 0; overflow: auto; border-right: 1px solid var(--line); }
#list button { display: grid; grid-template-columns: 4.5rem 1fr auto; gap: .1rem .6rem; width: 100%; text-align: left; border: 0; border-bottom: 1px solid var(--soft); border-radius: 0; padding: .45rem 1rem; }
#list button[aria-current=true] { background: var(--soft); box-shadow: inset 3px 0 var(--accent); }
#list small { grid-column: 2 / -1; opacity: .75; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.ok { color: var(--ok); } .bad { color: var(--bad); }
#detail { margin: 0; padding: 1rem; overflow: auto; font: 12px/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
#empty { padding: 2rem 1rem; opacity: .75; }
@media (max-width: 700px) { main { grid-template-columns: 1fr; grid-template-rows: 1fr 1fr; } #list { border-right: 0; border-bottom: 1px solid var(--line); } }
`;

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Local Segment</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Local Segment</h1>
<p id="stats" aria-live="off">Loading</p>
<input id="filter" type="search" placeholder="Filter events" aria-label="Filter events">
<button id="pause" type="button" aria-pressed="false">Pause</button>
</header>
<main>
<ol id="list" aria-label="Last events, newest first"><li id="empty">No events yet. Post some to /v1/batch.</li></ol>
<pre id="detail" tabindex="0" aria-label="The selected event">Select an event to see it in full.</pre>
</main>
<script>${DEBUGGER_SCRIPT}</script>
</body>
</html>
`;

function sourceOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

export const DEBUGGER_CSP = `default-src 'none'; script-src ${sourceOf(DEBUGGER_SCRIPT)}; style-src ${sourceOf(STYLE)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export function debuggerPage(): string {
  return HTML;
}
