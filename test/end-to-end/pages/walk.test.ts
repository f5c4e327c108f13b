// The whole way of a person through the pages, in a real browser, against the built program.

import { describe, expect, it, vi } from "vitest";

import { closeBrowserAtEnd, hasBrowser, shoot, violations, visit } from "../../support/browser.ts";
import { consoleTown, ENVIRONMENT, FLAG } from "./town.ts";

const soon = { timeout: 30_000, interval: 100 };
closeBrowserAtEnd();

describe.runIf(hasBrowser())("a person at the console", () => {
  it("creates a destination, tests it, switches a flag on, sees its events, edits the key and deletes it", async () => {
    const { url, segment, publish } = await consoleTown();
    const { page } = await visit(url);
    await page.getByRole("heading", { name: "No destinations yet" }).waitFor();
    expect(await violations(page)).toEqual([]);
    await shoot(page, "walk-1-empty");

    await page.getByRole("link", { name: "New destination" }).first().click();
    const create = page.getByRole("dialog", { name: "New destination" });
    await create.getByLabel("Name").fill("Production");
    await create.getByRole("textbox", { name: "Project" }).fill("*");
    await create.getByLabel("Environment").fill(ENVIRONMENT);
    await create.getByLabel("Write key").fill("first-write-key-0001");
    await create.getByLabel("Another address").check();
    await create.getByLabel("Address", { exact: true }).fill(segment.url);
    expect(await violations(page)).toEqual([]);
    await create.getByRole("button", { name: "Create" }).click();

    const panel = page.getByRole("dialog", { name: "Production" });
    await panel.getByRole("button", { name: "Send test events" }).click();
    await expect.poll(() => panel.getByText("Accepted", { exact: true }).count(), soon).toBe(4);
    expect(await violations(page)).toEqual([]);
    await shoot(page, "walk-2-tested");
    expect(segment.stats().accepted).toBe(4);
    const shownId = await panel.locator("code", { hasText: /^ld-/ }).first().textContent();
    expect(segment.events().map((event) => event.messageId)).toContain(shownId);
    await panel.getByRole("button", { name: "Close" }).click();

    publish();
    await page.getByRole("link", { name: "Flags" }).click();
    const flag = page.getByRole("row", { name: FLAG });
    await expect.poll(() => flag.getByRole("cell").nth(1).textContent(), soon).toBe("1");
    expect(await violations(page)).toEqual([]);
    await flag.getByRole("switch").click();
    await page.getByText(`${FLAG} is exported.`).waitFor();
    await expect.poll(() => flag.getByRole("switch").getAttribute("aria-checked"), soon).toBe("true");
    await vi.waitFor(
      () => {
        publish();
        expect(segment.stats().accepted).toBeGreaterThan(4);
      },
      { timeout: 30_000, interval: 500 },
    );
    await expect
      .poll(async () => Number(await flag.getByRole("cell").nth(0).textContent()), soon)
      .toBeGreaterThan(0);
    await shoot(page, "walk-3-flag-on");

    await page.getByRole("link", { name: "Destinations" }).click();
    await page.getByRole("link", { name: "Production" }).click();
    await panel.getByLabel("Write key").fill("second-write-key-0002");
    await panel.getByRole("button", { name: "Save" }).click();
    await page.getByText("Production was saved").waitFor();
    await vi.waitFor(
      () => {
        publish();
        const sent = segment.requests().map(({ body }) => body?.toString("utf8") ?? "");
        expect(sent.some((body) => body.includes("second-write-key-0002"))).toBe(true);
      },
      { timeout: 30_000, interval: 500 },
    );
    expect(await page.content()).not.toMatch(/(?:first|second)-write-key/);

    await panel.getByRole("button", { name: "Delete…" }).click();
    const question = page.getByRole("dialog", { name: "Delete Production?" });
    await question.getByRole("button", { name: "Delete", exact: true }).click();
    await question.getByText("under-test sends to it").waitFor();
    expect(await violations(page)).toEqual([]);
    await shoot(page, "walk-4-in-use");
    await question.getByRole("button", { name: "Delete it all the same" }).click();
    await page.getByRole("heading", { name: "No destinations yet" }).waitFor();
  });
});
