/** What a destination's endpoint may lead to beyond public addresses. */
export interface Reach {
  /** This machine, with plain HTTP too: tests and the quick start. */
  readonly loopback: boolean;
  /** Names or addresses of hosts that are meant: a proxy of your own. Lower case. */
  readonly hosts: ReadonlySet<string>;
}
