// How long this machine stood still for this process at most: what comes after a stall comes at once, whoever sent it when.

const LOOK_MS = 20;
/** What a shared rate covers is a second: a request counts so much longer until it is answered. */
const COVERED_MS = 900;

export class Stalls {
  private lastMs = performance.now();
  private longest = 0;
  private readonly timer = setInterval(() => this.look(), LOOK_MS);

  /** What comes later does not count. */
  close(): void {
    clearInterval(this.timer);
    this.look();
  }

  get longestMs(): number {
    return Math.max(0, this.longest - LOOK_MS);
  }

  /**
   * What the receiver may see in a sliding second: the limit. After a stall of longer than is covered, what was sent before it comes with
   * what is sent after it: twice as much, and no more.
   */
  mostOf(limit: number): number {
    return this.longestMs <= COVERED_MS ? limit : 2 * limit;
  }

  private look(): void {
    const now = performance.now();
    this.longest = Math.max(this.longest, now - this.lastMs);
    this.lastMs = now;
  }
}
