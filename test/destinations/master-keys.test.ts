import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { MasterKeys, newMasterKey } from "../../src/destinations/master-keys.ts";

const parse = (...keys: string[]) => MasterKeys.parse(keys.join(" "), "SLUICE_SECRET_KEY");

describe("master keys", () => {
  it("open what they sealed, for its owner only", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string(), fc.string(), (secret, owner, other) => {
        const keys = parse(newMasterKey());
        const sealed = keys.seal(secret, owner);
        expect(keys.open(sealed, owner)).toBe(secret);
        if (owner !== other) expect(() => keys.open(sealed, other)).toThrow("does not open");
      }),
    );
  });

  it("seal the same text differently each time, and never hold it", () => {
    const keys = parse(newMasterKey());
    const texts = Array.from({ length: 100 }, () => keys.seal("the-secret", "a"));
    expect(new Set(texts.map(({ nonce }) => nonce)).size).toBe(100);
    expect(JSON.stringify(texts)).not.toContain("the-secret");
  });

  it("notice every changed bit", () => {
    const keys = parse(newMasterKey());
    const sealed = keys.seal("the-secret", "a");
    for (const part of ["nonce", "text", "tag"] as const) {
      const bytes = Buffer.from(sealed[part], "base64");
      bytes[0]! ^= 1;
      expect(() => keys.open({ ...sealed, [part]: bytes.toString("base64") }, "a")).toThrow("does not open");
    }
    expect(() => keys.open({ ...sealed, tag: sealed.tag.slice(0, 8) }, "a")).toThrow("does not open");
  });

  it("rotate: the first seals, all open; an absent one is named by its id", () => {
    const [old, fresh] = [newMasterKey(), newMasterKey()];
    const sealed = parse(old).seal("the-secret", "a");
    const both = parse(fresh, old);
    expect(both.open(sealed, "a")).toBe("the-secret");
    expect(both.currentId).toBe(parse(fresh).currentId);
    expect(() => parse(fresh).open(sealed, "a")).toThrow(sealed.keyId);
    expect(() => MasterKeys.none().seal("x", "a")).toThrow("there is no master key");
  });

  it.each([
    ["", "it is empty"],
    ["short", "must be 32 random bytes"],
    ["a passphrase of thirty-two letters", "must be 32 random bytes"],
    [Buffer.alloc(31, 7).toString("base64"), "must be 32 random bytes"],
    [Buffer.alloc(32, 7).toString("base64"), "not random"],
    ["0".repeat(64), "not random"],
    [Array.from({ length: 17 }, newMasterKey).join(","), "at most 16"],
  ])("refuse %j without quoting it", (text, why) => {
    expect(() => parse(text)).toThrow(why);
    if (text.length > 5) expect(() => parse(text)).not.toThrow(text);
  });

  it("take hex as well", () => {
    const key = Buffer.from(newMasterKey(), "base64");
    expect(parse(key.toString("hex")).currentId).toBe(parse(key.toString("base64")).currentId);
  });
});
