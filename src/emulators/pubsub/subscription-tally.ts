// What happened on one subscription, for the judge of a test run.

import { IdLog } from "./id-log.ts";

export class SubscriptionTally {
  readonly published: IdLog;
  readonly acked: IdLog;
  readonly deadLettered: IdLog;
  /** Once for each lease that ran out. */
  readonly expired: IdLog;
  deliveries = 0;
  /** Of the deliveries, those that were not the first of their message. */
  redeliveries = 0;
  nacks = 0;
  extensions = 0;
  /** Acks and new deadlines for leases that had run out already. */
  lateAcks = 0;
  lateModacks = 0;
  /** Skipped by Seek. */
  soughtPast = 0;
  /** Extra copies that a fault made. */
  copies = 0;

  constructor(rememberedIds: number) {
    this.published = new IdLog(rememberedIds);
    this.acked = new IdLog(rememberedIds);
    this.deadLettered = new IdLog(rememberedIds);
    this.expired = new IdLog(rememberedIds);
  }
}
