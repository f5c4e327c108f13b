// `sluice top`, `tap` and `trace` beside a running program.

import { readdir, stat } from "node:fs/promises";

import { describe, expect, it, vi } from "vitest";

import { aWatchedProgram, soon } from "../support/watched-program.ts";

describe("watching a running program", () => {
  it("shows values between two stages with what is redacted later masked, traces events, and sums up", async () => {
    const { runtime, socket, program, pipeline, cli, publish, segment } = await aWatchedProgram({
      redact: true,
    });
    expect([(await stat(socket)).mode & 0o777, (await stat(runtime)).mode & 0o777]).toEqual([0o600, 0o700]);

    const before = cli("tap", "under-test", "--stage", "segment-event", "--n", "1");
    const after = cli("tap", pipeline, "--n", "1", "--where", "event.userId == '***'");
    const taps = Promise.all([before, after]);
    let done = false;
    void taps.then(() => {
      done = true;
    });
    let n = 0;
    await vi.waitFor(() => {
      publish({ id: `e-${n++}` });
      expect(done).toBe(true);
    }, soon);
    const [unredacted, redacted] = (await taps).map(({ stdout }) => JSON.parse(stdout));
    expect(unredacted).toMatchObject({ stage: "segment-event", value: { userId: "[masked]" } });
    expect(redacted).toMatchObject({ stage: "redact", value: { userId: "***" } });

    await vi.waitFor(() => expect(segment.stats().accepted).toBeGreaterThan(0), soon);
    const [sent] = segment.events();
    const byMessageId = await cli("trace", String(sent!.messageId));
    expect(byMessageId.status).toBe(0);
    expect(JSON.parse(byMessageId.stdout)).toMatchObject({ found: true, paths: [{ state: "settled" }] });
    const unknown = await cli("trace", "never-came", "--format", "pretty");
    expect([unknown.status, unknown.stdout]).toEqual([
      1,
      expect.stringContaining("not in hand, not in the index"),
    ]);

    const top = await cli("top", "--once", "--format", "json");
    expect(JSON.parse(top.stdout).pipelines).toMatchObject([{ name: "under-test", state: "running" }]);
    const nobody = await cli("tap", "another");
    expect([nobody.status, nobody.stderr]).toEqual([2, expect.stringContaining("under-test")]);

    program.child.kill("SIGTERM");
    expect(await program.exit).toBe(0);
    expect(await readdir(runtime)).toEqual([]);
  });

  it("draws a live table on a terminal, obeys keys, and leaves the terminal as it was", async () => {
    const { terminal, publish, program } = await aWatchedProgram();
    publish({ id: "e-1" });
    const top = terminal("top");
    await vi.waitFor(() => expect(top.shown()).toMatch(/▸ under-test +running/), soon);
    expect(top.shown()).toContain("\u001b[?1049h");
    expect(top.shown()).toContain(`sluice run  process ${program.child.pid}`);
    await vi.waitFor(() => expect(top.shown()).toMatch(/segment-event +1 /), soon);
    top.forget();
    top.type("s");
    await vi.waitFor(() => expect(top.shown()).toContain("s sort (rate)"), soon);
    top.type("\u001b[B\u001b[A");
    top.forget();
    top.type("q");
    expect(await top.exit).toBe(0);
    expect(top.shown()).toContain("\u001b[?25h\u001b[?1049l");
    const stopped = terminal("top");
    await vi.waitFor(() => expect(stopped.shown()).toContain("▸ under-test"), soon);
    stopped.type("\u0003");
    expect(await stopped.exit).toBe(0);
    expect(stopped.shown()).toContain("\u001b[?25h\u001b[?1049l");
  });

  it("asks which process when several run, and takes --pid", async () => {
    const { terminal, cli, run, program } = await aWatchedProgram();
    const other = await run();
    const pids = [program.child.pid, other.child.pid].map(String);
    const unclear = await cli("top", "under-test", "--once");
    expect([unclear.status, unclear.stdout]).toEqual([2, ""]);
    for (const text of [...pids, "--pid"]) expect(unclear.stderr).toContain(text);
    const clear = await cli("top", "--once", "--format", "json", "--pid", pids[1]!);
    expect(JSON.parse(clear.stdout).process.pid).toBe(other.child.pid);
    const wrong = await cli("tap", "under-test", "--pid", "1");
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining("with the id 1")]);

    const asked = terminal("top");
    await vi.waitFor(() => expect(asked.shown()).toContain("Which (process id)?"), soon);
    for (const pid of pids) expect(asked.shown()).toContain(pid);
    asked.type(`${pids[0]}\r`);
    await vi.waitFor(() => expect(asked.shown()).toContain(`sluice run  process ${pids[0]}`), soon);
    asked.type("q");
    expect(await asked.exit).toBe(0);

    const mistyped = terminal("tap", "under-test");
    await vi.waitFor(() => expect(mistyped.shown()).toContain("Which (process id)?"), soon);
    mistyped.type("1\r");
    expect(await mistyped.exit).toBe(2);
    expect(mistyped.shown()).toContain("1 is none of them");
  });
});
