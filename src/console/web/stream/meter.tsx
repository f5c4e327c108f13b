/** How full something is, 0 to 1. */
export function Meter({ of, label }: { readonly of: number; readonly label: string }) {
  const share = Math.min(1, Math.max(0, Number.isFinite(of) ? of : 0));
  const percent = Math.round(share * 100);
  return (
    <svg
      class="meter"
      viewBox="0 0 100 4"
      preserveAspectRatio="none"
      role="img"
      aria-label={`${label}: ${percent} %`}
    >
      <rect class="meter-ground" width="100" height="4" />
      <rect class={percent >= 90 ? "meter-full" : "meter-level"} width={percent} height="4" />
    </svg>
  );
}
