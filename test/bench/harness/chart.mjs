// Small charts in a row of panels, as one SVG: a line a panel, the horizontal axis by powers of ten. Drawn for a page of
// either colour: it brings its own ground.

const PANEL = { width: 300, height: 190, left: 46, right: 14, top: 40, bottom: 34 };
const COLUMNS = 3;
const INK = "#1f2933";
const FAINT = "#d3dae2";
const LINE = "#2457a6";

/** `panels`: [{ title, unit, points: [{ at, value, label }] }]. */
export function chart(panels) {
  const rows = Math.ceil(panels.length / COLUMNS);
  const [width, height] = [PANEL.width * COLUMNS, PANEL.height * rows];
  const drawn = panels.map((one, i) => {
    const [x, y] = [(i % COLUMNS) * PANEL.width, Math.floor(i / COLUMNS) * PANEL.height];
    return `<g transform="translate(${x} ${y})">${panel(one)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="11" fill="${INK}" role="img" aria-label="Cost per event over size">
<rect width="${width}" height="${height}" fill="#fff"/>
${drawn.join("\n")}
</svg>
`;
}

function panel({ title, unit, points }) {
  const top = niceAbove(Math.max(...points.map(({ value }) => value)));
  const at = points.map(({ at: place }) => Math.log10(place));
  const [from, to] = [Math.min(...at), Math.max(...at)];
  const { width, height, left, right, bottom } = PANEL;
  const x = (place) => left + ((Math.log10(place) - from) / (to - from || 1)) * (width - left - right);
  const y = (value) => height - bottom - (value / top) * (height - bottom - PANEL.top);
  const grid = [0, top / 2, top].map(
    (value) =>
      `<path d="M${left} ${r(y(value))}H${width - right}" stroke="${FAINT}"/><text x="${left - 6}" y="${r(y(value) + 4)}" text-anchor="end">${number(value)}</text>`,
  );
  const line = points.map((point) => `${r(x(point.at))},${r(y(point.value))}`).join(" ");
  const dots = points.map((point, i) => {
    const anchor = i === 0 ? "start" : i === points.length - 1 ? "end" : "middle";
    return `<circle cx="${r(x(point.at))}" cy="${r(y(point.value))}" r="3" fill="${LINE}"/><text x="${r(x(point.at))}" y="${r(y(point.value) - 7)}" text-anchor="${anchor}" font-weight="600">${number(point.value)}</text><text x="${r(x(point.at))}" y="${height - bottom + 16}" text-anchor="${anchor}">${point.label}</text>`;
  });
  return `<text x="12" y="18" font-size="13" font-weight="600">${title}</text><text x="12" y="32">${unit}</text>${grid.join("")}<polyline points="${line}" fill="none" stroke="${LINE}" stroke-width="2"/>${dots.join("")}`;
}

function niceAbove(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return (
    [1, 1.5, 2, 3, 4, 6, 8, 10].map((step) => step * power).find((step) => step >= value * 1.15) ?? power * 15
  );
}

function number(value) {
  if (value === 0) return "0";
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(2).replace(/\.0$/, "");
}

function r(value) {
  return Math.round(value * 10) / 10;
}
