import { describe, expect, test } from "vitest";

import { recordingLog } from "../../support/context.ts";
import { batch, codes, event, post, segment } from "./segment-world.ts";

describe("200, and dropped all the same", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["no id", { userId: undefined }, "no_user_anon_id"],
    ["an empty id", { userId: "" }, "id_not_string"],
    ["a numeric id", { userId: 7 }, "id_not_string"],
    ["an alias without previousId", { type: "alias" }, "id_required"],
    ["no event name", { event: undefined }, "event_not_defined"],
    ["an empty event name", { event: "" }, "event_not_string"],
    ["properties that are no object", { properties: [] }, "properties_not_object"],
    ["traits that are no object", { type: "identify", traits: "x" }, "traits_not_object"],
    ["an empty page name", { type: "page", name: "" }, "name_not_string"],
    ["a page category that is null", { type: "page", category: null }, "category_not_string"],
    ["an unknown type", { type: "trak" }, "bad_request"],
    ["a messageId of 100 characters", { messageId: "m".repeat(100) }, "bad_request"],
  ])("%s, while its neighbour is taken", async (_, fields, code) => {
    const log = recordingLog();
    const server = await segment({ log });
    const answer = await post(server, batch(event(fields), event()));
    expect({ status: answer.status, body: answer.body }).toEqual({ status: 200, body: { success: true } });
    expect(codes(server)).toEqual([code]);
    expect(server.stats()).toMatchObject({ accepted: 1, dropped: { [code]: 1 } });
    expect(log.lines).toMatchObject([{ level: "warn", fields: { code } }]);
  });

  test("an unknown key, and a source that is switched off", async () => {
    const server = await segment({ writeKeys: ["another-write-key"], disabledKeys: ["disabled-write-key"] });
    expect((await post(server, batch(event()))).status).toBe(200);
    expect((await post(server, { batch: [event()], writeKey: "disabled-write-key" })).status).toBe(200);
    expect(server.stats()).toMatchObject({
      accepted: 0,
      dropped: { project_not_found: 1, source_disabled: 1 },
    });
  });

  test("more than 2,500 events", async () => {
    const server = await segment();
    await post(server, batch(...Array.from({ length: 2_500 }, () => event())));
    expect(server.stats().accepted).toBe(2_500);
    await post(server, batch(...Array.from({ length: 2_501 }, () => event())));
    expect(server.stats()).toMatchObject({ accepted: 2_500, dropped: { too_many_events: 2_501 } });
  });
});
