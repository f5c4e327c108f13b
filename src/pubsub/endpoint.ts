// Where Pub/Sub is.

export interface Endpoint {
  /** `host:port`; undefined: Google's own address, which its client knows. */
  readonly address: string | undefined;
  readonly secure: boolean;
}

/**
 * `https://…` and Google's own hosts get TLS and credentials; anything else is an emulator and gets neither, so
 * that credentials are never sent in the clear. Throws TypeError for what is no address.
 */
export function resolveEndpoint(
  configured: string | undefined,
  emulatorHost: string | undefined = process.env["PUBSUB_EMULATOR_HOST"],
): Endpoint {
  const text = configured ?? (emulatorHost || undefined);
  if (text === undefined) return { address: undefined, secure: true };
  const { hostname } = new URL(/^https?:\/\//.test(text) ? text : `http://${text}`);
  const secure = text.startsWith("https://") || hostname.endsWith(".googleapis.com");
  // Not `url.port`: it is empty for the usual port of the scheme.
  const port = /:(\d+)\/?$/.exec(text)?.[1] ?? (secure ? "443" : "8085");
  return { address: `${hostname}:${port}`, secure };
}
