// Wrong input gets its message beside its field: said by the page before it asks, or by the server's answer.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how references are written.

import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";

import { closeBrowserAtEnd, hasBrowser, shoot, violations, visit } from "../../support/browser.ts";
import { consoleTown, ENVIRONMENT } from "./town.ts";

closeBrowserAtEnd();

/** Field, what is typed, and the beginning of what stands beside it then. */
const WRONG: readonly (readonly [field: string, input: string, message: RegExp])[] = [
  ["Name", "", /^Give it a name/],
  ["Name", "x".repeat(300), /256/],
  ["Environment", "", /^Say which environment/],
  ["Environment", "no spaces, please", /^An id has letters/],
  ["Project", "a/b", /^A project id/],
  ["Write key", "", /^Give the write key/],
  ["Write key", "${HOME}", /WRITE_KEY/],
  ["Write key", "${file:/etc/passwd}", /not below/],
  ["Write key", "••••1234", /give the key itself/],
  ["Address", "", /^Give the address/],
  ["Address", "ftp://example.com", /./],
  ["Address", "http://169.254.169.254", /./],
  ["Context kind of userId", "", /^Name a context kind/],
  ["Context kind of userId", "x".repeat(200), /128/],
  ["Context kind of anonymousId", "", /^Name a context kind/],
  ["Events per second", "0", /^A number from 1/],
  ["Events per second", "many", /^A number from 1/],
  ["Requests per second", "-1", /^A number from 1/],
  ["Bytes per second", "1e12", /^A number from 1/],
];

async function fill(page: Page, field: string, text: string): Promise<void> {
  await page.getByRole("dialog").getByLabel(field, { exact: true }).fill(text);
}

/** What a screen reader says of the field that is wrong. */
async function messageBeside(page: Page, field: string): Promise<string> {
  const input = page.getByRole("dialog").getByLabel(field, { exact: true });
  await expect.poll(() => input.getAttribute("aria-invalid"), { timeout: 10_000 }).toBe("true");
  const ids = ((await input.getAttribute("aria-describedby")) ?? "").split(" ");
  const error = ids.find((id) => id.endsWith("-error")) ?? "";
  return (await page.locator(`[id="${error}"]`).textContent()) ?? "";
}

describe.runIf(hasBrowser())("the form of a destination", () => {
  it("says beside each field what is wrong with it", async () => {
    const { url, segment } = await consoleTown();
    const { page } = await visit(`${url}/destinations/new`);
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Another address").check();
    for (const summary of ["Identity", "Rate limits"])
      await dialog.getByText(summary, { exact: true }).click();
    const right: Readonly<Record<string, string>> = {
      Name: "Right",
      Environment: ENVIRONMENT,
      Project: "*",
      "Write key": "a-write-key-0123456789",
      Address: segment.url,
      "Context kind of userId": "user",
      "Context kind of anonymousId": "anonymousUser",
      "Events per second": "900",
      "Requests per second": "100",
      "Bytes per second": "",
    };
    for (const [field, text] of Object.entries(right)) await fill(page, field, text);
    for (const [field, input, message] of WRONG) {
      await fill(page, field, input);
      await dialog.getByRole("button", { name: "Create" }).click();
      expect([field, input, await messageBeside(page, field)]).toEqual([
        field,
        input,
        expect.stringMatching(message),
      ]);
      expect([field, await page.locator('[aria-invalid="true"]').count()]).toEqual([field, 1]);
      await fill(page, field, right[field] ?? "");
    }
    await fill(page, "Name", "");
    await fill(page, "Events per second", "0");
    await dialog.getByRole("button", { name: "Create" }).click();
    await messageBeside(page, "Name");
    expect(
      await page.evaluate("document.activeElement.closest('.field').querySelector('label').textContent"),
    ).toBe("Name");
    expect(await violations(page)).toEqual([]);
    await shoot(page, "form-errors");
    await fill(page, "Name", "Right");
    await fill(page, "Events per second", "900");
    await dialog.getByRole("button", { name: "Create" }).click();
    await page.getByRole("dialog", { name: "Right" }).waitFor();
  });

  it("refuses an edit that someone else was faster with, and says so", async () => {
    const { url, segment } = await consoleTown();
    const made = await fetch(`${url}/api/v2/destinations/*/${ENVIRONMENT}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        name: "Mine",
        config: { writeKey: "a-write-key-0123456789", endpoint: segment.url },
      }),
    });
    const { _id, _links } = (await made.json()) as { _id: string; _links: { self: { href: string } } };
    const { page, context } = await visit(`${url}/destinations/${_id}`);
    await page.getByLabel("Name").fill("Changed here");
    // The page does not look again meanwhile, as it would in a moment.
    await context.route("**/api/v2/destinations", (route) => route.abort());
    await fetch(url + _links.self.href, {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "Changed there" }),
    });
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText(/has version 2 by now/).waitFor();
  });

  it("of an id and of a flag says the same beside its field", async () => {
    const { url } = await consoleTown();
    const { page } = await visit(`${url}/trace`);
    await page.getByRole("button", { name: "Trace" }).click();
    await page.getByText("Give an id.").waitFor();
    await page.getByLabel("Id").fill("x".repeat(301));
    await page.getByRole("button", { name: "Trace" }).click();
    await page.getByText("An id has at most 300 characters.").waitFor();
    await page.goto(`${url}/flags`);
    await page.getByLabel("Environment id").fill("not an id");
    await page.getByText("An id has letters, digits, . _ and - only.").waitFor();
    await page.getByLabel("Environment id").fill(ENVIRONMENT);
    await page.getByLabel("Search").fill("not a key");
    await page.getByText("A flag key has letters, digits, . _ and - only.").waitFor();
    await page.getByLabel("Search").fill("a-flag-of-tomorrow");
    await page.getByRole("button", { name: "Export a-flag-of-tomorrow" }).click();
    await expect
      .poll(
        () => page.getByRole("switch", { name: "Export a-flag-of-tomorrow" }).getAttribute("aria-checked"),
        { timeout: 20_000 },
      )
      .toBe("true");
  });
});
