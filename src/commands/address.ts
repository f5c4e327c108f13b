import { UsageError } from "./exit-code.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * `host:port`, `[::1]:port`, a host, or a port; what is missing is taken from `otherwise`. `option` is named in the
 * UsageError that it throws.
 */
export function addressOf(option: string, text: string, otherwise: Address): Address {
  const example = `${otherwise.host}:${otherwise.port}`;
  const match = /^(?:(\d+)|(?:\[([0-9a-f:.]+)\]|([^:[\]]+))?(?::(\d+))?)$/i.exec(text);
  if (!match) throw new UsageError(`${option} takes an address such as ${example}, not ${text}`);
  const [, alone, v6, name, port = alone] = match;
  if (Number(port ?? 0) > 65_535) throw new UsageError(`${option} takes a port up to 65535, not ${text}`);
  return {
    host: v6 ?? name ?? otherwise.host,
    port: port === undefined ? otherwise.port : Number(port),
  };
}
