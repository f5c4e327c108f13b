import type { LetterBox } from "../../console/letter-box.ts";

/** A letter box that is made, and its code loaded, when somebody first looks: most processes are never looked at. */
export function lazyLetterBox(make: () => Promise<LetterBox>): LetterBox {
  let making: Promise<LetterBox> | undefined;
  let made: LetterBox | undefined;
  const open = async (): Promise<LetterBox> => {
    making ??= make();
    made = await making;
    return made;
  };
  return {
    newest: async (query) => (await open()).newest(query),
    groups: async () => (await open()).groups(),
    one: async (place) => (await open()).one(place),
    redrive: async (choice) => (await open()).redrive(choice),
    marksVersion: () => made?.marksVersion() ?? "",
    lastRedrive: () => made?.lastRedrive(),
    close: async () => made?.close(),
  };
}
