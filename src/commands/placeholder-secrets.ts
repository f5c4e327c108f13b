const PLACEHOLDER = "placeholder-secret-00000000";

/** For commands that send nothing: a variable that is named like a secret need not be set. */
export function placeholderSecrets(
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  const isSecret = (name: string) => /(KEY|TOKEN|SECRET|PASSWORD)$/.test(name);
  return new Proxy(env, {
    get(target, name) {
      if (typeof name !== "string") return undefined;
      return target[name] ?? (isSecret(name) ? PLACEHOLDER : undefined);
    },
  });
}
