// A TCP proxy that makes trouble: put between the program and a local server. Which jitter a chunk meets, and
// when connections are reset, is decided by a seed; so a run is repeated by its seed, as far as a network allows.
//
// listening <-> refusing (`refuse`, `accept`: connections are turned away by the system itself) -> closed
// A connection: open -> ended by either side | reset | frozen: half open, both sides hear nothing and no end.

import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

import { seededRandom } from "../../../src/emulators/sample-random.ts";
import { Link, type Random, type Toxics } from "./link.ts";

export type { Toxics } from "./link.ts";

interface Connection {
  readonly near: Socket;
  readonly far: Socket;
  readonly links: readonly [Link, Link];
}

export class FaultProxy {
  /** To the server, and from it. Read for every chunk: a change holds for open connections too. */
  up: Toxics = {};
  down: Toxics = {};
  accepted = 0;
  resets = 0;
  private readonly open = new Set<Connection>();
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    private server: Server,
    private readonly targetPort: number,
    readonly port: number,
    private readonly random: Random,
  ) {}

  static async start(targetPort: number, seed: number): Promise<FaultProxy> {
    const server = await listen(0);
    // A TCP server that listens has an AddressInfo.
    const { port } = server.address() as AddressInfo;
    const proxy = new FaultProxy(server, targetPort, port, seededRandom(seed));
    proxy.serve(server);
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get connections(): number {
    return this.open.size;
  }

  /** The same toxics in both directions. */
  set(toxics: Toxics): void {
    this.up = toxics;
    this.down = toxics;
  }

  /** No toxics, no resets; connections that fell into a hole stay there. */
  heal(): void {
    clearTimeout(this.timer);
    this.set({});
  }

  /** RST on every connection; yields how many. */
  resetAll(): number {
    const { size } = this.open;
    for (const connection of [...this.open]) this.reset(connection);
    return size;
  }

  /** FIN to the client on every connection, as from a server that is tired of waiting; yields how many. */
  endAll(): number {
    for (const { near } of this.open) near.end();
    return this.open.size;
  }

  /** Resets every connection again and again, at random times between the two. */
  resetEvery(fromMs: number, toMs: number): void {
    const next = () => {
      this.timer = setTimeout(
        () => {
          this.resetAll();
          next();
        },
        fromMs + this.random() * (toMs - fromMs),
      );
    };
    next();
  }

  /** Half-open: what is connected now hears nothing any more, not even an end; new connections work. */
  freezeAll(): number {
    for (const { links } of this.open) for (const link of links) link.swallow();
    return this.open.size;
  }

  /** The server gives up connections that fell into a hole; the program does not hear of it. */
  endFrozenAtServer(): void {
    for (const { far, links } of this.open)
      if (links.some((link) => link.isSwallowing)) far.resetAndDestroy();
  }

  /** Both sides of what was frozen notice at last, by whatever means they have. */
  endFrozen(): void {
    for (const connection of [...this.open])
      if (connection.links.some((link) => link.isSwallowing)) this.reset(connection);
  }

  /** Connections are refused, as by a host where nothing listens; the open ones are reset. */
  async refuse(): Promise<void> {
    this.resetAll();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async accept(): Promise<void> {
    this.server = await listen(this.port);
    this.serve(this.server);
  }

  async close(): Promise<void> {
    clearTimeout(this.timer);
    this.resetAll();
    if (this.server.listening) await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(server: Server): void {
    server.on("connection", (near) => this.carry(near));
  }

  private carry(near: Socket): void {
    this.accepted += 1;
    const far = connect({ port: this.targetPort, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    const link = (from: Socket, to: Socket, toxics: () => Toxics) =>
      new Link({ from, to, toxics, random: this.random, onLimit: () => this.reset(connection) });
    const up = link(near, far, () => this.up);
    const down = link(far, near, () => this.down);
    const connection: Connection = { near, far, links: [up, down] };
    this.open.add(connection);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      // Its 'close' follows, and that is what is handled.
      socket.on("error", () => {});
      socket.on("close", (hadError) => {
        const heard = !connection.links.some((one) => one.isSwallowing);
        if (hadError && heard) this.reset(connection);
        if (other.destroyed) this.forget(connection);
      });
    }
  }

  private reset(connection: Connection): void {
    if (!this.open.has(connection)) return;
    this.resets += 1;
    for (const link of connection.links) link.cut();
    connection.near.resetAndDestroy();
    connection.far.resetAndDestroy();
    this.forget(connection);
  }

  private forget(connection: Connection): void {
    this.open.delete(connection);
    for (const link of connection.links) link.cut();
  }
}

async function listen(port: number): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return server;
}
