// What the pages read while they are looked at.

import { describe, expect, it, vi } from "vitest";

import { closeBrowserAtEnd, hasBrowser, shoot, violations, visit } from "../../support/browser.ts";
import { pipelineYaml, start } from "../../support/program.ts";
import { consoleTown, ENVIRONMENT, FLAG } from "./town.ts";

const soon = { timeout: 30_000, interval: 100 };
closeBrowserAtEnd();

describe.runIf(hasBrowser())("the live view of the pages", () => {
  it("is one stream for all pages; lists are asked for again when it says so, not by the clock", async () => {
    const { url, publish } = await consoleTown();
    const { page } = await visit(`${url}/destinations`);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    let streams = 0;
    page.on("request", (request) => {
      if (new URL(request.url()).pathname === "/api/v2/stream") streams += 1;
    });
    await page.reload();
    await page.getByRole("heading", { name: "No destinations yet" }).waitFor();
    await page.getByRole("link", { name: "Flags" }).click();
    publish();
    const flag = page.getByRole("row", { name: FLAG });
    await expect.poll(() => flag.getByRole("cell").nth(1).textContent(), soon).toBe("1");
    const watchers = async () => {
      const body = await (await fetch(`${url}/api/v2/process`)).json();
      return (body as { watchers: { streams: number } }).watchers.streams;
    };
    await expect.poll(watchers, soon).toBe(1);
    /** What is asked for meanwhile. On a busy machine the stream may be lost and opened again: such a time says nothing. */
    const askedDuring = async (act: () => Promise<void>) => {
      for (let tries = 0; tries < 5; tries += 1) {
        await vi.waitFor(
          async () => {
            const before = asked.length;
            await new Promise((resolve) => setTimeout(resolve, 2_000));
            expect(asked.length).toBe(before);
          },
          { timeout: 30_000, interval: 10 },
        );
        const [from, streamsBefore] = [asked.length, streams];
        await act();
        if (streams === streamsBefore) return asked.slice(from);
      }
      return expect.fail("each time another stream was opened");
    };
    let events = 1;
    const counted = async () => {
      events += 1;
      publish();
      await expect.poll(() => flag.getByRole("cell").nth(1).textContent(), soon).toBe(String(events));
    };
    expect(await askedDuring(counted)).toEqual([]);
    await fetch(`${url}/api/v2/destinations/*/${ENVIRONMENT}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "From elsewhere", config: { writeKey: "a-write-key-of-another-0001" } }),
    });
    const toOtherPages = async () => {
      await page.getByRole("link", { name: "Dead letters" }).click();
      await page.getByRole("link", { name: "Destinations" }).click();
      await page.getByRole("link", { name: "From elsewhere" }).waitFor();
    };
    expect(await askedDuring(toOtherPages)).not.toContain("/api/v2/stream");
    await page.getByRole("link", { name: "Stream" }).click();
    await page.getByRole("button", { name: "Pause the view" }).click();
    await vi.waitFor(async () => expect(await watchers()).toBe(0), soon);
    await page.getByRole("link", { name: "Dead letters" }).click();
    await vi.waitFor(async () => expect(await watchers()).toBe(1), soon);
    await page.close();
    await vi.waitFor(async () => expect(await watchers()).toBe(0), soon);
  });

  it("tells what became of a changed definition, and which one runs", async () => {
    const { url, write, publish, program } = await consoleTown({ environments: [ENVIRONMENT] });
    const { page } = await visit(`${url}/stream`);
    await page.getByText("No test event of LaunchDarkly has come by.").waitFor();
    await page.getByText(/p\.yaml, version [0-9a-f]{12}, in use since/).waitFor();
    publish({ kind: "custom", key: "LaunchDarklyDataExportTestEvent" });
    await page.getByText("1 test event of LaunchDarkly came by.").waitFor();

    const right = pipelineYaml({ decode: "{ type: json-decode }" });
    await write(
      "p.yaml",
      right.replace("type: filter-enabled", "type: filter-enabeld").replace("name:", "nmae:"),
    );
    const refusal = page.getByRole("alert").filter({ hasText: "The changed definition is invalid." });
    await refusal.waitFor();
    const said = await refusal.textContent();
    expect(said).toContain("The one before it runs on.");
    expect(said).toMatch(/p\.yaml:5:13 unknown-stage .*filter-enabled/);
    expect(said).toMatch(/p\.yaml:1:1 unknown-key .*name/);
    expect(await violations(page)).toEqual([]);
    for (const width of [1280, 390])
      for (const colours of ["light", "dark"] as const) {
        await page.setViewportSize({ width, height: 860 });
        await page.emulateMedia({ colorScheme: colours });
        await shoot(page, `refused-${width}-${colours}`);
      }

    await write("p.yaml", `${right}description: Another one\n`);
    await program.says("the changed definition takes in");
    await page.getByText(/, reloaded at /).waitFor();
    await refusal.waitFor({ state: "detached" });
  });

  it("shows letters as dealt with when another process redrives them", async () => {
    const world = await consoleTown({ environments: [ENVIRONMENT] });
    const mend = world.segment.inject({ action: { kind: "status", status: 400 } });
    const { page } = await visit(`${world.url}/dead-letters`);
    await page.getByRole("heading", { name: "No dead letters" }).waitFor();
    world.publish();
    const waiting = page.getByRole("row", { name: "http-400" }).getByRole("cell").nth(3);
    await expect.poll(() => waiting.textContent(), soon).toBe("1");
    mend();
    const redrive = start(["dead-letters", "redrive", "p.yaml"], { cwd: world.folder, env: world.env });
    expect(await redrive.exit, redrive.output.stderr).toBe(0);
    await expect.poll(() => waiting.textContent(), soon).toBe("none");
  });
});
