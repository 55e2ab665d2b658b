/** A plot of a few lines from the origin, as SVG that reads on light and dark pages. */

const WIDTH = 640;
const HEIGHT = 360;
const MARGIN = { left: 56, right: 96, top: 36, bottom: 40 };
const COLORS = ['#2f7ed8', '#c0562b'];

/** @param {{title: string, lines: readonly {name: string, points: readonly (readonly [number, number])[]}[]}} plot */
export function plotLines({ title, lines }) {
  const all = lines.flatMap((line) => line.points);
  const right = Math.max(...all.map(([x]) => x));
  const top = Math.max(...all.map(([, y]) => y)) * 1.05;
  const x = (value) => MARGIN.left + (value / right) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (value) => HEIGHT - MARGIN.bottom - (value / top) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const at = (value) => value.toFixed(1);
  let svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#777">\n`;
  svg += `<title>${title}</title>\n<text x="${MARGIN.left}" y="20" font-size="14">${title}</text>\n`;
  for (const value of ticks(top)) {
    svg += `<path d="M${at(x(0))} ${at(y(value))}H${at(x(right))}" stroke="#8884"/><text x="${MARGIN.left - 6}" y="${at(y(value) + 4)}" text-anchor="end">${value}</text>\n`;
  }
  for (const value of [...new Set(all.map(([px]) => px))]) {
    svg += `<text x="${at(x(value))}" y="${HEIGHT - MARGIN.bottom + 18}" text-anchor="middle">${value}</text>\n`;
  }
  for (const [index, { name, points }] of lines.entries()) {
    const color = COLORS[index % COLORS.length];
    const path = points.map(([px, py]) => `${at(x(px))} ${at(y(py))}`).join('L');
    svg += `<path d="M${path}" fill="none" stroke="${color}" stroke-width="2"/>\n`;
    for (const [px, py] of points) svg += `<circle cx="${at(x(px))}" cy="${at(y(py))}" r="3" fill="${color}"/>\n`;
    const [lastX, lastY] = points.at(-1);
    svg += `<text x="${at(x(lastX) + 8)}" y="${at(y(lastY) + 4)}" fill="${color}">${name}</text>\n`;
  }
  return `${svg}</svg>\n`;
}

/** Four to eight round numbers up to `top`. */
function ticks(top) {
  const step = [1, 2, 5].map((factor) => factor * 10 ** Math.floor(Math.log10(top / 4))).findLast((s) => top / s >= 4);
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}
