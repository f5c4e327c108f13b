// Every page at the widths and in the colours that people have, with traffic: photographed, and looked over by axe.

import { describe, expect, it, vi } from "vitest";

import { closeBrowserAtEnd, hasBrowser, shoot, violations, visit } from "../../support/browser.ts";
import { consoleTown, ENVIRONMENT, FLAG } from "./town.ts";

const PAGES = ["destinations", "flags", "stream", "dead-letters", "trace"];
const soon = { timeout: 30_000, interval: 100 };
closeBrowserAtEnd();

/** Delivered, dropped and dead-lettered events, and destinations on and off. */
async function busyTown() {
  const world = await consoleTown({ environments: [ENVIRONMENT] });
  for (const [name, on] of [
    ["A second place with a rather long name that has to wrap somewhere", true],
    ["Off", false],
  ])
    await fetch(`${world.url}/api/v2/destinations/*/${ENVIRONMENT}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        name,
        on,
        config: { writeKey: "a-write-key-0123456789", endpoint: world.segment.url },
      }),
    });
  for (let i = 0; i < 20; i++) world.publish({ key: `${FLAG}-${i % 4}` });
  world.publish({}, { environment: "another-environment" });
  world.publish({ kind: "no-such-kind" });
  const id = world.publish();
  await vi.waitFor(() => expect(world.segment.stats().accepted).toBeGreaterThan(20), soon);
  return { ...world, id };
}

describe.runIf(hasBrowser())("the pages", () => {
  it("are legible and accessible, wide and narrow, light and dark", async () => {
    const { url, id } = await busyTown();
    for (const width of [1280, 390])
      for (const colours of ["light", "dark"] as const) {
        const { page, context } = await visit(url, { width, colours });
        for (const name of PAGES) {
          const name_ = `${name}-${width}-${colours}`;
          await page.goto(`${url}/${name}${name === "trace" ? `?id=${id}` : ""}`);
          await page.locator("h1").waitFor();
          await expect.poll(() => page.locator(".loading").count(), soon).toBe(0);
          await page.locator(".table-wrap, .steps").first().waitFor();
          expect([name_, await violations(page)]).toEqual([name_, []]);
          // Nothing sticks out: a phone would scroll sideways.
          const over = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth",
          );
          expect([name_, over]).toEqual([name_, 0]);
          await shoot(page, name_);
        }
        await context.close();
      }
  }, 300_000);

  it("work by keyboard alone: to a page, into a dialog and back to where one was", async () => {
    const { url } = await busyTown();
    const { page } = await visit(`${url}/destinations`);
    await page.getByRole("link", { name: "Off", exact: true }).waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to content");
    const focused = () => page.evaluate("document.activeElement.textContent");
    for (let i = 0; i < 40 && (await focused()) !== "Off"; i++) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    const panel = page.getByRole("dialog", { name: "Off" });
    await panel.waitFor();
    // Nothing behind the dialog can be reached.
    for (let i = 0; i < 30; i++) {
      await page.keyboard.press("Tab");
      expect(
        await page.evaluate(
          "document.activeElement === document.body || !!document.activeElement.closest('dialog')",
        ),
      ).toBe(true);
    }
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
    expect(new URL(page.url()).pathname).toBe("/destinations");
    await page.getByRole("switch", { name: "Send events to Off" }).focus();
    await page.keyboard.press("Space");
    await page.getByText("Off is on.").waitFor();
  });

  it("say what is wrong when Sluice does not answer, keep what was known, and go on when it does again", async () => {
    const { url } = await busyTown();
    const { page, context } = await visit(`${url}/destinations`);
    await page.getByRole("link", { name: "Off", exact: true }).waitFor();
    await context.setOffline(true);
    await page.getByText("Sluice does not answer").waitFor();
    expect(await page.getByRole("link", { name: "Off", exact: true }).count()).toBe(1);
    expect(await violations(page)).toEqual([]);
    await context.setOffline(false);
    await page.getByText("Sluice does not answer").waitFor({ state: "detached" });
  });

  it("notice that Sluice does not answer where its live stream never came", async () => {
    const { url } = await busyTown();
    const { page, context } = await visit(`${url}/flags`);
    await page.route("**/api/v2/stream", (route) => route.abort());
    await page.goto(`${url}/destinations`);
    await page.getByRole("link", { name: "Off", exact: true }).waitFor();
    await context.setOffline(true);
    await page.getByText("Sluice does not answer").waitFor();
    await context.setOffline(false);
    await page.getByText("Sluice does not answer").waitFor({ state: "detached" });
  });

  it("ask for the token where one is needed, say when it is wrong, and keep it for the tab", async () => {
    const token = "a-token-of-at-least-128-bits-0123";
    const { url } = await consoleTown({ token });
    const { page } = await visit(`${url}/destinations`);
    const dialog = page.getByRole("dialog", { name: "Access token" });
    await dialog.getByRole("button", { name: "Go on" }).click();
    await dialog.getByText("Give the token.").waitFor();
    await dialog.getByLabel("Token").fill("wrong-token-0123456789-abcdef");
    await dialog.getByRole("button", { name: "Go on" }).click();
    await dialog.getByText("That token was not accepted.").waitFor();
    expect(await violations(page)).toEqual([]);
    await dialog.getByLabel("Token").fill(token);
    await dialog.getByRole("button", { name: "Go on" }).click();
    await page.getByRole("heading", { name: "No destinations yet" }).waitFor();
    await page.goto(`${url}/stream`);
    await page.getByText("Live", { exact: true }).waitFor();
    expect(await page.evaluate("document.cookie + JSON.stringify(localStorage)")).not.toContain(token);
  });

  it("pause the view and not the pipeline, which says so", async () => {
    const { url, publish, segment } = await busyTown();
    const { page } = await visit(`${url}/stream`);
    await page.getByText("Live", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Pause the view" }).click();
    await page.getByText("Only this view is paused. The pipelines run on.").waitFor();
    const before = segment.stats().accepted;
    publish();
    await vi.waitFor(() => expect(segment.stats().accepted).toBeGreaterThan(before), soon);
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText("Live", { exact: true }).waitFor();
  });
});
