export interface StoreOptions {
  readonly store?: string | undefined;
}

export const storeOption = {
  store: {
    type: "string",
    requiresArg: true,
    describe: "Folder of the store of destinations and flags (or SLUICE_STORE; default .sluice/store)",
  },
} as const;
