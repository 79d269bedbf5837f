// Charts: two panels over one axis of time, and under them what held the run back.
const svgSpace = "http://www.w3.org/2000/svg";
const signs = { begin: "▶", resume: "▶", end: "■", stop: "■", crash: "✕", pause: "‖", throttle: "!", away: "?", order: "›" };
const panelHeight = 104, panelGap = 34, top0 = 26, bandHeight = 16, axisHeight = 22, left0 = 60, right0 = 10;

function shape(name, attributes, text) {
  const e = document.createElementNS(svgSpace, name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  if (text !== undefined) e.textContent = visible(text);
  return e;
}

// scale finds the top of an axis and its ticks: round numbers, two to four of them.
function scale(most) {
  if (!(most > 0)) return { top: 1, ticks: [0, 1] };
  const rough = most / 3, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= rough);
  const ticks = [];
  for (let n = 0; n * step < most + step * 0.999; n++) ticks.push(n * step);
  return { top: ticks[ticks.length - 1], ticks };
}

// timeTicks are instants for the axis of time, on round minutes or hours.
function timeTicks(from, to, room) {
  const steps = [5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000];
  const most = Math.max(2, Math.floor(room / 90));
  const step = steps.find((s) => (to - from) / s <= most) || (to - from) / most;
  const ticks = [];
  for (let t = Math.ceil(from / step) * step; t <= to; t += step) ticks.push(t);
  return { ticks, step };
}

function clock(unix, step) {
  const iso = new Date(unix * 1000).toISOString();
  if (step >= 86400) return iso.slice(5, 10);
  return step < 60 ? iso.slice(11, 19) : iso.slice(11, 16);
}

function rate(v) {
  if (v === null || v === undefined) return "–";
  return (v >= 100 ? Math.round(v).toLocaleString("en-US") : String(Math.round(v * 100) / 100)) + "/s";
}

// steps draws a level for each value, with a gap where there is none.
function steps(values, x, y, floor) {
  let edge = "", area = "", open = false;
  values.forEach((v, i) => {
    if (v === null) {
      if (open && floor !== undefined) area += `V${floor}Z`;
      open = false;
      return;
    }
    if (!open) {
      edge += `M${x(i)} ${y(v)}`;
      area += `M${x(i)} ${floor}V${y(v)}`;
    }
    edge += `V${y(v)}H${x(i + 1)}`;
    area += `V${y(v)}H${x(i + 1)}`;
    open = true;
  });
  if (open) area += `V${floor}Z`;
  return { edge, area };
}

function peak(values) {
  return values.reduce((most, v) => Math.max(most, v === null ? 0 : v), 0);
}

// panel draws one curve with its axis. A cap far above the curve would press it flat: it
// is named in the corner instead.
function panel(svg, at, width, name, values, caps, kind, x) {
  const most = peak(values), cap = peak(caps), near = cap > 0 && (most === 0 || cap <= most * 4);
  const { top, ticks } = scale(near ? Math.max(most, cap * 1.04) : most);
  const y = (v) => Math.round((at + panelHeight - (panelHeight * Math.min(v, top)) / top) * 10) / 10;
  svg.append(shape("rect", { class: "ground", x: left0, y: at, width: width - left0 - right0, height: panelHeight }));
  for (const t of ticks) {
    svg.append(shape("line", { class: "grid", x1: left0, x2: width - right0, y1: y(t), y2: y(t) }));
    svg.append(shape("text", { x: left0 - 6, y: y(t) + 4, "text-anchor": "end" }, t >= 1000 ? t.toLocaleString("en-US") : String(Math.round(t * 100) / 100)));
  }
  svg.append(shape("text", { class: "name", x: left0, y: at - 8 }, name));
  const { edge, area } = steps(values, x, y, at + panelHeight);
  svg.append(shape("path", { class: "area " + kind, d: area }), shape("path", { class: "edge " + kind, d: edge }));
  if (cap === 0) return;
  const last = caps.findLast((c) => c !== null);
  svg.append(shape("text", { class: "cap", x: width - right0, y: at - 8, "text-anchor": "end" }, near ? "cap " + rate(last) : "cap " + rate(last) + ", above this chart"));
  if (near) svg.append(shape("path", { class: "cap", d: steps(caps, x, y).edge }));
}

// bands draws what held the run back, with its name where there is room.
function bands(svg, at, list, place, from, to) {
  for (const b of list) {
    const x1 = place(Math.max(b.from, from)), x2 = place(Math.min(b.to, to));
    if (!(x2 > x1)) continue;
    const box = shape("rect", { class: "box " + b.group, x: x1, y: at, width: Math.max(x2 - x1, 1), height: bandHeight });
    box.append(shape("title", {}, b.name));
    svg.append(box);
    if (x2 - x1 > b.name.length * 6.4 + 10) svg.append(shape("text", { class: "band", x: x1 + 5, y: at + 12 }, b.name));
  }
}

// marks draws what happened; signs that would lie on one another are drawn once.
function drawMarks(svg, list, place, from, to, bottom) {
  const taken = {};
  for (const m of list) {
    if (m.at < from || m.at > to) continue;
    const x = Math.round(place(m.at)), sign = signs[m.kind] || "•";
    if (taken[sign] !== undefined && x - taken[sign] < 30) continue;
    taken[sign] = x;
    svg.append(shape("line", { class: "mark", x1: x, x2: x, y1: 12, y2: bottom }));
    const s = shape("text", { class: "sign " + m.kind, x: Math.min(Math.max(x, left0 + 4), 1e5), y: 10 }, sign);
    s.append(shape("title", {}, m.text));
    svg.append(s);
  }
}

// layout is where things lie in a chart of this width.
function layout(s, width) {
  const from = s.from, to = s.from + s.width * s.objects.length;
  const place = (t) => left0 + ((width - left0 - right0) * (t - from)) / (to - from);
  const one = top0 + 6, two = one + panelHeight + panelGap, band = two + panelHeight + 6;
  return { from, to, place, one, two, band, axis: band + bandHeight, height: band + bandHeight + axisHeight, x: (i) => Math.round(place(from + i * s.width) * 10) / 10 };
}

// draw draws the charts of a span into box.
function draw(box, s, cursor) {
  const width = Math.max(box.clientWidth, 280), l = layout(s, width);
  const svg = shape("svg", { viewBox: `0 0 ${width} ${l.height}`, height: l.height, "aria-hidden": "true" });
  panel(svg, l.one, width, "Objects a second", s.objects, s.objects.map(() => null), "one", l.x);
  panel(svg, l.two, width, s.kms_name, s.kms, s.cap, "two", l.x);
  svg.append(shape("text", { x: left0 - 6, y: l.band + 12, "text-anchor": "end" }, "bound by"));
  svg.append(shape("rect", { class: "ground", x: left0, y: l.band, width: width - left0 - right0, height: bandHeight }));
  bands(svg, l.band, s.bands, l.place, l.from, l.to);
  const { ticks, step } = timeTicks(l.from, l.to, width - left0 - right0);
  for (const t of ticks) {
    const x = Math.round(l.place(t));
    svg.append(shape("line", { class: "grid", x1: x, x2: x, y1: l.axis, y2: l.axis + 4 }));
    if (x < left0 + 24) continue; // UTC stands there
    svg.append(shape("text", { x: Math.min(x, width - right0 - 16), y: l.axis + 17, "text-anchor": "middle" }, clock(t, step)));
  }
  svg.append(shape("text", { x: left0 - 6, y: l.axis + 17, "text-anchor": "end" }, "UTC"));
  drawMarks(svg, s.marks, l.place, l.from, l.to, l.axis);
  if (cursor !== null && cursor < s.objects.length) {
    const x = (l.x(cursor) + l.x(cursor + 1)) / 2;
    svg.append(shape("line", { class: "cursor", x1: x, x2: x, y1: l.one, y2: l.axis }));
  }
  box.replaceChildren(svg);
}

// boundAt names what held the run back at an instant.
function boundAt(s, t) {
  const b = s.bands.findLast((b) => b.from <= t && t <= b.to);
  return b ? b.name : "";
}

// reading says what the charts show in one slot.
function reading(s, i) {
  const t = s.from + i * s.width, mid = t + s.width / 2, bound = boundAt(s, mid);
  if (s.objects[i] === null) return `${clock(t, 1)}: no run`;
  let text = `${clock(t, 1)}: ${rate(s.objects[i])} objects, KMS ${rate(s.kms[i])}`;
  if (s.cap[i] !== null) text += ` of ${rate(s.cap[i])}`;
  if (bound) text += `, bound by ${bound}`;
  const here = s.marks.filter((m) => m.at >= t && m.at < t + s.width).map((m) => m.text);
  return here.length ? text + "; " + here.join("; ") : text;
}
