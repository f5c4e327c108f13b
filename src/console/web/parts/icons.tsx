// Line drawings of 24 × 24. Decoration: the words beside them say the same.

const PATHS = {
  destinations: "M4 12h11m-4-5 5 5-5 5M20 5v14",
  flags: "M5 21V4m0 1h12l-2.5 4L17 13H5",
  stream: "M3 8c3 0 3 2 6 2s3-2 6-2 3 2 6 2M3 15c3 0 3 2 6 2s3-2 6-2 3 2 6 2",
  "dead-letters": "M3 6h18v12H3zm0 0 9 7 9-7",
  trace: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13m5-2 5 5",
  close: "M6 6l12 12M18 6 6 18",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8m0-13v2m0 14v2M3 12h2m14 0h2M5.6 5.6 7 7m10 10 1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4",
  moon: "M20 14.5A8 8 0 0 1 9.5 4 8 8 0 1 0 20 14.5",
  half: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16m0-16v16m0-13h4.5M12 10.5h7M12 14h7M12 17.5h4",
  plus: "M12 5v14M5 12h14",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg
      viewBox="0 0 24 24"
      width="24"
      height="24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
