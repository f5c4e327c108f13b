import { readFile, writeFile } from "node:fs/promises";

import { describe, expect, it, vi } from "vitest";

import { aConsole, aFeature, ENVIRONMENT } from "./world.ts";

const BASE = "/api/sluice/dead-letters";
const soon = { timeout: 20_000, interval: 50 };
const everything = {
  project: undefined,
  environment: ENVIRONMENT,
  exported: { allFlags: true, events: true, flags: new Set<string>() },
};

// The first request loads what reads letters and the pipeline's stages: many seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

/** A console whose pipeline had one event refused by its destination, which takes events again. */
async function withOneLetter() {
  const world = await aConsole({ enablement: [everything] });
  const { body } = await world.create();
  const mend = world.emulator.inject({ action: { kind: "status", status: 400, body: "{}" } });
  const record = world.offer({ ...aFeature("checkout"), id: "event-1" });
  await vi.waitFor(() => expect(record.settled).toBe("ack"), soon);
  mend();
  const ended = async () => {
    let last: { state: string } | undefined;
    await vi.waitFor(async () => {
      const answer = await world.request("GET", `${BASE}/redrive`);
      last = answer.body.items[0];
      expect(last?.state).not.toBe("running");
    }, soon);
    return last;
  };
  const redrive = (choice: object) =>
    world.request("POST", `${BASE}/redrive`, { body: { pipeline: "under-test", ...choice } });
  return { ...world, destination: body._id as string, redrive, ended };
}

describe("dead letters by REST", () => {
  it("are counted by code, stage and destination", async () => {
    const { request, destination } = await withOneLetter();
    const { status, body } = await request("GET", `${BASE}/groups`);
    expect(status).toBe(200);
    expect(body).toEqual({
      items: [
        {
          pipeline: "under-test",
          code: "http-400",
          stage: "segment",
          destination,
          letters: 1,
          open: 1,
          first: expect.any(String),
          last: expect.any(String),
        },
      ],
      isPart: false,
      elsewhere: [],
    });
  });

  it("are shown one in full, with the body decoded, and none at a place where none is", async () => {
    const { request } = await withOneLetter();
    const { place } = (await request("GET", BASE)).body.items[0];
    const query = new URLSearchParams({ pipeline: "under-test", place });
    const { body } = await request("GET", `${BASE}/letter?${query}`);
    expect(body).toMatchObject({ place, state: "open", code: "http-400", body: { kind: "JSON" } });
    expect(JSON.parse(body.body.text).event).toMatchObject({ id: "event-1", key: "checkout" });
    for (const other of [`${place}0`, "/etc/passwd:1", "", ":"])
      expect(
        (
          await request(
            "GET",
            `${BASE}/letter?${new URLSearchParams({ pipeline: "under-test", place: other })}`,
          )
        ).status,
      ).toBe(404);
    expect((await request("GET", `${BASE}/letter?pipeline=other&place=x`)).status).toBe(404);
  });

  it("are redriven to the destination that missed the event, once, and marked", async () => {
    const { request, redrive, ended, emulator } = await withOneLetter();
    const begun = await redrive({ code: "http-400" });
    expect([begun.status, begun.body.dryRun]).toEqual([202, false]);
    expect(await ended()).toMatchObject({
      state: "done",
      read: 1,
      redriven: 1,
      delivered: 1,
      failedAgain: 0,
      left: {},
    });
    expect(emulator.events().map(({ event }) => event)).toEqual(["feature"]);
    expect((await request("GET", `${BASE}/groups`)).body.items[0]).toMatchObject({ letters: 1, open: 0 });
    await redrive({});
    expect(await ended()).toMatchObject({ state: "done", redriven: 0, delivered: 0 });
    expect(emulator.stats().accepted).toBe(1);
  });

  it("are left alone by a dry run, which says what would become of them", async () => {
    const { request, redrive, ended, emulator, deadLetters } = await withOneLetter();
    await redrive({ dryRun: true });
    expect(await ended()).toMatchObject({ state: "done", dryRun: true, redriven: 1, delivered: 1 });
    expect(emulator.stats().accepted).toBe(0);
    expect((await request("GET", `${BASE}/groups`)).body.items[0]).toMatchObject({ open: 1 });
    await expect(readFile(`${deadLetters}.redriven`)).rejects.toThrow("ENOENT");
  });

  it("wait on when their destination is off, and the answer says so", async () => {
    const { request, redrive, ended, destination } = await withOneLetter();
    await request("PATCH", `/api/v2/destinations/*/${ENVIRONMENT}/${destination}`, { body: { on: false } });
    await vi.waitFor(async () => {
      await redrive({});
      expect(await ended()).toMatchObject({ redriven: 0, left: { "destination-off": 1 } });
    }, soon);
  });

  it("that fail again become new letters, which wait", async () => {
    const { request, redrive, ended, emulator } = await withOneLetter();
    const mend = emulator.inject({ action: { kind: "status", status: 400, body: "{}" } });
    await redrive({});
    expect(await ended()).toMatchObject({ state: "done", redriven: 1, delivered: 0, failedAgain: 1 });
    mend();
    expect((await request("GET", `${BASE}/groups`)).body.items[0]).toMatchObject({ letters: 2, open: 1 });
  });

  it("are redriven one redrive at a time", async () => {
    const { redrive, emulator } = await withOneLetter();
    const mend = emulator.inject({ action: { kind: "never" } });
    expect((await redrive({})).status).toBe(202);
    const second = await redrive({});
    expect([second.status, second.body.code]).toEqual([409, "redrive-running"]);
    mend();
    await emulator.close();
  });

  it.each([
    [{}, 400],
    [{ pipeline: "nobody" }, 404],
    [{ pipeline: "under-test", wrong: 1 }, 400],
    [{ pipeline: "under-test", dryRun: "yes" }, 400],
    [{ pipeline: ["under-test"] }, 400],
  ])("are not redriven for %j: %i", async (body, expected) => {
    const { request } = await aConsole();
    expect((await request("POST", `${BASE}/redrive`, { body })).status).toBe(expected);
  });

  it("are none in a file that holds something else, and the pages go on", async () => {
    const { request, deadLetters } = await withOneLetter();
    const before = await readFile(deadLetters, "utf8");
    await writeFile(deadLetters, `not a letter\n${before}{"torn":`);
    expect((await request("GET", `${BASE}/groups`)).body.items).toHaveLength(1);
  });
});
