// A state in one word, with a shape of its own, so that it is told apart without colours.

export type Tone = "ok" | "warn" | "bad" | "info" | "quiet";

const SHAPES: Readonly<Record<Tone, string>> = {
  ok: "M5 0a5 5 0 1 1 0 10A5 5 0 0 1 5 0",
  warn: "M5 .5 10 9.5H0z",
  bad: "M0 0h10v10H0z",
  info: "M5 0l5 5-5 5-5-5z",
  quiet: "M5 0a5 5 0 1 1 0 10A5 5 0 0 1 5 0m0 2a3 3 0 1 0 0 6 3 3 0 0 0 0-6",
};

export function Badge({
  tone,
  word,
  title,
}: {
  readonly tone: Tone;
  readonly word: string;
  readonly title?: string;
}) {
  return (
    <span class="badge" data-tone={tone} title={title}>
      <Shape tone={tone} />
      {word}
    </span>
  );
}

export function Shape({ tone }: { readonly tone: Tone }) {
  return (
    <svg
      viewBox="0 0 10 10"
      width="10"
      height="10"
      fill="currentColor"
      fill-rule="evenodd"
      aria-hidden="true"
    >
      <path d={SHAPES[tone]} />
    </svg>
  );
}
