// TLS in front of the local Segment, with a certificate that can be changed while it runs.

import { readFileSync } from "node:fs";
import { type AddressInfo, connect } from "node:net";
import { createServer, type Server } from "node:tls";
import { fileURLToPath } from "node:url";

export type Certificate = "good" | "expired" | "wrong-host" | "self-signed";

/** The authority that signed all but the self-signed one; for NODE_EXTRA_CA_CERTS. */
export const authorityFile = fileURLToPath(new URL("../fixtures/tls/ca.pem", import.meta.url));

export class TlsFront {
  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(targetPort: number, certificate: Certificate): Promise<TlsFront> {
    const server = createServer(pairOf(certificate), (near) => {
      const far = connect(targetPort, "127.0.0.1");
      near.pipe(far).pipe(near);
      near.on("error", () => far.destroy());
      far.on("error", () => near.destroy());
    });
    // A handshake that the client breaks off is what these tests are about.
    server.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // A TCP server that listens has an AddressInfo.
    return new TlsFront(server, (server.address() as AddressInfo).port);
  }

  use(certificate: Certificate): void {
    this.server.setSecureContext(pairOf(certificate));
  }

  close(): void {
    this.server.close();
  }
}

function pairOf(certificate: Certificate): { cert: Buffer; key: Buffer } {
  const read = (name: string) => readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url));
  return { cert: read(`${certificate}.pem`), key: read("server.key") };
}
