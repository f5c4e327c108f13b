// Sends example events and shows what became of each, without claiming more than an answer of Segment says.

import { useState } from "preact/hooks";

import { type ApiFailure, toFailure } from "../api.ts";
import type { DestinationView, TestKind, TestReport, TestResult } from "../api-types.ts";
import { duration, time } from "../format.ts";
import { Badge, type Tone } from "../parts/badge.tsx";
import { Failure } from "../parts/states.tsx";
import { sendTest } from "./destination-api.ts";

const KINDS: readonly { readonly kind: TestKind; readonly name: string }[] = [
  { kind: "feature", name: "Flag evaluation" },
  { kind: "click", name: "Click" },
  { kind: "custom", name: "Custom" },
  { kind: "page", name: "Page view" },
];

const OUTCOMES: Readonly<Record<TestResult["outcome"], { readonly tone: Tone; readonly word: string }>> = {
  accepted: { tone: "ok", word: "Accepted" },
  refused: { tone: "bad", word: "Refused" },
  unanswered: { tone: "bad", word: "No answer" },
  "not-sent": { tone: "warn", word: "Not sent" },
};

export function TestSection({ destination }: { readonly destination: DestinationView }) {
  const [kinds, setKinds] = useState<readonly TestKind[]>(KINDS.map(({ kind }) => kind));
  const [report, setReport] = useState<TestReport>();
  const [failure, setFailure] = useState<ApiFailure>();
  const [busy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    setFailure(undefined);
    try {
      setReport(await sendTest(destination, kinds));
    } catch (error) {
      setFailure(toFailure(error));
    } finally {
      setBusy(false);
    }
  };
  const toggle = (kind: TestKind) =>
    setKinds((before) => (before.includes(kind) ? before.filter((one) => one !== kind) : [...before, kind]));
  return (
    <section class="section" aria-label="Test">
      <h2>Test</h2>
      <p class="muted">Sends the documented example of each kind, marked as a test, even while it is off.</p>
      <div class="row spread">
        <fieldset class="field choices">
          <legend class="visually-hidden">Events to send</legend>
          {KINDS.map(({ kind, name }) => (
            <label key={kind} class="choice">
              <input type="checkbox" checked={kinds.includes(kind)} onChange={() => toggle(kind)} />
              {name}
            </label>
          ))}
        </fieldset>
        <button type="button" class="button" disabled={busy || kinds.length === 0} onClick={send}>
          {busy ? "Sending…" : "Send test events"}
        </button>
      </div>
      {failure && <Failure failure={failure} />}
      <div role="status" class="stack">
        {report && <Report report={report} />}
      </div>
    </section>
  );
}

function Report({ report }: { readonly report: TestReport }) {
  return (
    <>
      <h3>Sent at {time(report.sentAt)}</h3>
      <ul class="plain-list">
        {report.results.map((result) => (
          <li key={result.kind} class="result">
            <Result result={result} />
          </li>
        ))}
      </ul>
      <p class="small">{report.whereToLook}</p>
      <details>
        <summary>What an acceptance does not say</summary>
        <ul class="dots">
          {report.unsaid.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      </details>
    </>
  );
}

function Result({ result }: { readonly result: TestResult }) {
  const { kind, outcome, message, status, latencyMs, messageId, excerpt, request } = result;
  const { tone, word } = OUTCOMES[outcome];
  const name = KINDS.find((one) => one.kind === kind)?.name ?? kind;
  return (
    <>
      <div class="row">
        <Badge tone={tone} word={word} />
        <span class="strong">{name}</span>
        <span class="muted">
          {status !== undefined && `status ${status}`}
          {latencyMs !== undefined && `, ${duration(latencyMs)}`}
        </span>
      </div>
      <p>{message}</p>
      {messageId !== undefined && <code class="wrap-anywhere muted">{messageId}</code>}
      {request && (
        <details>
          <summary>Request and answer</summary>
          <pre>
            {JSON.stringify(request, null, 2)}
            {"\n\n"}
            {excerpt === undefined || excerpt === "" ? "(no answer body)" : excerpt}
          </pre>
        </details>
      )}
    </>
  );
}
