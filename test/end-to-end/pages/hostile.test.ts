// What comes in from outside is text, whatever it looks like: in every field of events, ids, names and dead letters.

import { describe, expect, it, vi } from "vitest";

import { closeBrowserAtEnd, hasBrowser, visit } from "../../support/browser.ts";
import { consoleTown, ENVIRONMENT, feature } from "./town.ts";

const XSS = `<img src=x onerror="alert(1)">`;
const SCRIPT = `"><script>alert(2)</script><svg/onload=alert(3)>{{7*7}}`;
const soon = { timeout: 30_000, interval: 100 };
closeBrowserAtEnd();

/** The same document with every text in it replaced. */
function poisoned(value: unknown, text: string): unknown {
  if (typeof value === "string") return text;
  if (Array.isArray(value)) return value.map((one) => poisoned(one, text));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries([
    ...Object.entries(value).map(([key, one]) => [key, poisoned(one, text)]),
    [text, text],
  ]);
}

describe.runIf(hasBrowser())("hostile texts", () => {
  it("in every field do nothing on any page, and break no policy", async () => {
    const { url, publish, publishText, segment } = await consoleTown({ environments: [ENVIRONMENT] });
    const post = (body: object) =>
      fetch(`${url}/api/v2/destinations/*/${ENVIRONMENT}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    expect(
      (await post({ name: XSS, on: false, config: { writeKey: SCRIPT, userIdContextKind: XSS } })).status,
    ).toBe(201);
    const event = feature["event"] as Record<string, unknown>;
    for (const text of [XSS, SCRIPT]) {
      // Delivered: all but what decides whether it is.
      const { kind, id, contextKeys, ...rest } = event;
      publish({
        ...(poisoned(rest, text) as object),
        creationDate: event["creationDate"],
        contextKeys,
        kind,
      });
      // Dead-lettered, and dropped.
      publish({ kind: text, key: text });
      publish({ id: text, key: text, contextKeys: undefined, userKey: undefined, user: undefined });
      publish({ key: text }, { environment: text, project: text });
      publishText(JSON.stringify(poisoned(feature, text)));
      publishText(`${text} is not JSON`);
    }
    await vi.waitFor(async () => {
      const groups = await fetch(`${url}/api/sluice/dead-letters/groups`).then((answer) => answer.json());
      expect((groups as { items: object[] }).items.length).toBeGreaterThan(1);
      expect(segment.stats().accepted).toBeGreaterThan(0);
    }, soon);

    const { page } = await visit(`${url}/destinations`);
    await page.getByRole("link", { name: XSS }).click();
    await page.getByRole("dialog", { name: XSS }).waitFor();
    for (const path of [
      "/flags",
      "/dead-letters",
      `/trace?id=${encodeURIComponent(XSS)}`,
      `/destinations/${encodeURIComponent(XSS)}`,
    ]) {
      await page.goto(url + path);
      await page.locator("h1").waitFor();
      await expect.poll(() => page.locator(".loading").count(), soon).toBe(0);
    }
    await page.goto(`${url}/flags`);
    await page.getByLabel("Search").fill(SCRIPT);
    await page.getByRole("row").filter({ hasText: SCRIPT }).waitFor();
    await page.getByLabel("Search").fill(`${SCRIPT} `.repeat(5));
    await page.getByText("No known flag has").waitFor();

    await page.goto(`${url}/dead-letters`);
    const codes = page.locator("tbody .link");
    await codes.first().waitFor();
    for (let i = 0; i < (await codes.count()); i++) {
      await codes.nth(i).click();
      await page.locator("dialog .line").first().click();
      await page.locator("dialog pre").waitFor();
      await page.getByRole("button", { name: "Close" }).click();
    }

    await page.goto(`${url}/stream`);
    await page.getByText("Live", { exact: true }).waitFor();
    for (const text of [XSS, SCRIPT]) {
      publish({ key: text, ...(poisoned({ value: "", default: "", variationName: "" }, text) as object) });
      publish({ kind: text, key: text });
    }
    const events = page.locator(".events .link");
    await expect.poll(() => events.count(), soon).toBeGreaterThan(2);
    for (let i = 0; i < 3; i++) {
      await events.nth(i).click();
      // Not `pre`: what was not decoded has no document to show.
      await page.locator("dialog .beside").waitFor();
      await page.getByRole("button", { name: "Close" }).click();
    }
    // The events are there as text, and nothing of them became an element.
    expect(await page.locator("img, script:not([src]), svg[onload], [onerror]").count()).toBe(0);
  });
});
