// What is remembered of delivered events beyond this process, so that a crash between an event's delivery and its
// acknowledgement does not send it again.

export interface DeliveredMarks {
  /** For each id whether it was delivered to this lane; undefined: that cannot be told now. Never rejects. */
  known(lane: string, ids: readonly string[]): Promise<readonly boolean[] | undefined>;
  /** They were delivered. Resolves with false when that could not be kept. Never rejects. */
  add(lane: string, ids: readonly string[]): Promise<boolean>;
  close(): Promise<void>;
}
