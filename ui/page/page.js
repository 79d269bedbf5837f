// The page: takes the state of the job as it comes, and puts each text where it belongs.
// All of it goes in as text: keys and errors are written by others.
const at = (id) => document.getElementById(id);
const shown = {}; // what a part shows now, so that what did not change stays as it is
let view = null, range = null, cursor = null, over = false, toldAt = 0, toldState = "", allEvents = false;

// visible shows characters that would not be seen, or would turn others around.
function visible(text) {
  return String(text).replace(/[\n\r\t]+/g, " ").replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\u2028\u2029]/gu, (c) => "\\u{" + c.codePointAt(0).toString(16) + "}");
}

function put(element, text) {
  const v = visible(text);
  if (element.textContent !== v) element.textContent = v;
}

function make(tag, text, cls) {
  const e = document.createElement(tag);
  if (text !== undefined) e.textContent = visible(text);
  if (cls) e.className = cls;
  return e;
}

// fresh tells whether a part has to be made anew.
function fresh(name, value) {
  const now = JSON.stringify(value);
  if (shown[name] === now) return false;
  shown[name] = now;
  return true;
}

function cells(values, numbers) {
  const row = make("tr");
  values.forEach((v, i) => row.append(make("td", v, numbers.includes(i) ? "n" : "")));
  return row;
}

function showHead(v) {
  document.title = v.progress.caption + " · reseal";
  put(at("title"), v.title);
  put(at("job"), v.job);
  put(at("key"), v.key);
  put(at("state"), v.state.text);
  at("state").className = "state " + v.state.class;
  put(at("read"), "Read " + v.read + ".");
}

function showProgress(p) {
  put(at("share"), p.text);
  put(at("share-more"), p.more);
  put(at("share-rest"), p.rest);
  at("bar-done").style.width = 100 * p.done + "%";
  at("bar-failed").style.width = 100 * p.failed + "%";
  const bar = at("bar");
  if (p.known) bar.setAttribute("aria-valuenow", (100 * p.done).toFixed(1));
  else bar.removeAttribute("aria-valuenow");
  bar.setAttribute("aria-valuetext", visible(p.text + ", " + p.more));
}

function showFigures(list) {
  const box = at("figures");
  if (fresh("figure-ids", list.map((f) => f.id))) {
    box.replaceChildren(...list.map((f) => {
      const one = make("div");
      one.id = "figure-" + f.id;
      one.append(make("dt", f.name), make("dd", "", "value"), make("dd", "", "more"));
      return one;
    }));
  }
  for (const f of list) {
    const one = at("figure-" + f.id);
    put(one.children[1], f.value);
    one.children[1].className = "value " + f.class;
    put(one.children[2], f.more);
  }
}

function showEvents(list) {
  if (!fresh("events", [list, allEvents])) return;
  const some = allEvents ? list : list.slice(0, 12);
  at("events").replaceChildren(...some.map((e) => {
    const row = make("li"), sign = make("span", signs[e.kind] || "•", "sign " + e.kind);
    sign.setAttribute("aria-hidden", "true");
    row.append(sign, make("time", e.time), make("span", e.text));
    return row;
  }));
  if (!list.length) at("events").append(make("li", "Nothing yet."));
  at("events-more").hidden = allEvents || list.length <= some.length;
  put(at("events-more"), "Show all " + list.length);
}

function sampleOf(s) {
  const one = make("li");
  one.append(make("code", s.key));
  const parts = [s.version_id && "version " + s.version_id, s.http_status && "HTTP " + s.http_status, s.error_code, s.error, s.request_id && "request " + s.request_id, `row ${s.row} of file ${s.file}`];
  one.append(make("span", parts.filter(Boolean).join(" · ")));
  return one;
}

function showFailures(list, note) {
  at("failures-box").hidden = !list.length;
  put(at("failures-note"), note);
  const first = shown.failures === undefined || shown.failures === "[]";
  if (!fresh("failures", list)) return;
  const open = new Set([...document.querySelectorAll(".failure[open]")].map((d) => d.dataset.reason));
  at("failures").replaceChildren(...list.map((f, i) => {
    const one = make("details", undefined, "failure"), line = make("summary"), samples = make("ul");
    one.dataset.reason = f.reason;
    one.open = open.has(f.reason) || (first && i === 0 && !note.startsWith("All"));
    line.append(make("b", f.objects), document.createTextNode(" " + visible(f.reason)));
    samples.append(...(f.samples || []).map(sampleOf));
    one.append(line, samples);
    return one;
  }));
}

function showRest(v) {
  const left = v.left_alone || [], shares = v.shares || [], notes = v.notes || [];
  at("left-box").hidden = !left.length;
  if (fresh("left", left)) at("left").replaceChildren(...left.map((l) => cells([l.name, l.objects], [1])));
  at("shares-box").hidden = !shares.length;
  if (fresh("shares", shares)) at("shares").replaceChildren(...shares.map((s) => cells([s.Name, s.State, s.Host, s.Settled, s.Failed, s.Rate, s.Seen], [3, 4, 5])));
  at("notes-box").hidden = !notes.length;
  if (fresh("notes", notes)) at("notes").replaceChildren(...notes.map((n) => make("li", n)));
  const log = at("log"), atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 30;
  put(at("log-note"), v.log_note);
  if (fresh("log", v.log)) {
    log.textContent = (v.log || []).map(visible).join("\n");
    if (atEnd) log.scrollTop = log.scrollHeight;
  }
}

// tell has a screen reader say how it goes: when the state changes, and once a minute.
function tell(v) {
  const now = Date.now(), state = v.state.text + (v.failures || []).length;
  if (state === toldState && now - toldAt < 60000) return;
  toldState = state;
  toldAt = now;
  put(at("told"), v.told);
}

// span is the series that is looked at.
function span() {
  if (!view) return null;
  return range === "live" ? view.live || null : view.past || null;
}

function showChart() {
  if (range === null || !view[range]) range = view.live ? "live" : view.past ? "past" : null;
  for (const input of document.querySelectorAll("input[name=range]")) {
    input.checked = input.value === range;
    input.disabled = !view[input.value];
  }
  const s = span();
  at("chart-box").hidden = !s;
  at("chart-none").hidden = !!s;
  put(at("chart-none"), "There is nothing to draw yet.");
  if (!s) return;
  for (const k of ["bands", "marks", "bound_text"]) s[k] = s[k] || [];
  draw(at("chart"), s, cursor);
  readOut(s);
  if (fresh("bound", [s.bands.map((b) => b.name), s.bound_text])) showBound(s);
  if (at("chart-table").open) showTable(s);
}

function readOut(s) {
  const box = at("chart"), last = s.objects.length - 1, i = cursor === null ? last : Math.min(cursor, last);
  const text = cursor === null ? `Objects: ${s.objects_text}. KMS: ${s.kms_text}.` : reading(s, i);
  put(at("readout"), text);
  box.setAttribute("aria-valuemax", String(last));
  box.setAttribute("aria-valuenow", String(i));
  box.setAttribute("aria-valuetext", visible(text));
}

function showBound(s) {
  const box = at("bound");
  box.replaceChildren(make("span", "Bound by:"));
  for (const text of s.bound_text) {
    const one = make("span"), chip = make("i"), b = s.bands.find((b) => text.startsWith(b.name + " "));
    if (b) chip.className = "box " + b.group;
    one.append(chip, document.createTextNode(visible(text)));
    box.append(one);
  }
  if (!s.bound_text.length) box.append(make("span", "not recorded"));
}

// showTable writes the charts down, in at most thirty rows.
function showTable(s) {
  const n = s.objects.length, every = Math.ceil(n / 30), rows = [];
  const mean = (values, i) => {
    const some = values.slice(i, i + every).filter((v) => v !== null);
    return some.length ? some.reduce((a, b) => a + b, 0) / some.length : null;
  };
  for (let i = 0; i < n; i += every) {
    const t = s.from + i * s.width, when = new Date(t * 1000).toISOString().slice(0, 19).replace("T", " ");
    rows.push(cells([when, rate(mean(s.objects, i)), rate(mean(s.kms, i)), rate(mean(s.cap, i)), boundAt(s, t + (every * s.width) / 2)], [1, 2, 3]));
  }
  at("chart-rows").replaceChildren(...rows);
}

function moveCursor(i) {
  const s = span();
  if (!s) return;
  cursor = i === null ? null : Math.max(0, Math.min(s.objects.length - 1, i));
  draw(at("chart"), s, cursor);
  readOut(s);
}

function banner(text) {
  at("banner").hidden = !text;
  put(at("banner"), text);
}

function link(text, cls) {
  put(at("link"), text);
  at("link").className = "link " + cls;
}

function show(message) {
  if (message.view) {
    view = message.view;
    showHead(view);
    showProgress(view.progress);
    showFigures(view.figures);
    showChart();
    showFailures(view.failures || [], view.failures_note);
    showEvents(view.events || []);
    showRest(view);
    tell(view);
  }
  over = message.over;
  if (over) {
    link("no longer live", "over");
    banner("reseal has ended, and this page with it. It shows the job as it was then." + (view && view.next ? " Next: " + view.next : ""));
    return;
  }
  link("live", "live");
  if (message.problem) banner("The job cannot be read now: " + message.problem);
  else banner(view && view.next && !view.progress.moving ? "Next: " + view.next + (view.does ? " (" + view.does + ")" : "") : "");
}

function listen() {
  const source = new EventSource("events");
  source.onmessage = (e) => {
    show(JSON.parse(e.data));
    if (over) source.close();
  };
  source.onerror = () => {
    if (over) return;
    link("connection lost, trying again", "lost");
    if (source.readyState === EventSource.CLOSED) {
      source.close();
      setTimeout(listen, 5000);
    }
  };
}

function wire() {
  const chart = at("chart");
  for (const input of document.querySelectorAll("input[name=range]")) {
    input.addEventListener("change", () => {
      range = input.value;
      cursor = null;
      showChart();
    });
  }
  chart.addEventListener("pointermove", (e) => {
    const s = span();
    if (!s) return;
    const box = chart.getBoundingClientRect(), room = box.width - left0 - right0;
    moveCursor(Math.floor(((e.clientX - box.left - left0) / room) * s.objects.length));
  });
  chart.addEventListener("pointerleave", () => moveCursor(null));
  chart.addEventListener("blur", () => moveCursor(null));
  chart.addEventListener("keydown", (e) => {
    const s = span();
    if (!s) return;
    const last = s.objects.length - 1, here = cursor === null ? last : cursor;
    const to = { ArrowLeft: here - 1, ArrowDown: here - 1, ArrowRight: here + 1, ArrowUp: here + 1, PageDown: here - 15, PageUp: here + 15, Home: 0, End: last, Escape: null }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    moveCursor(to);
  });
  at("events-more").addEventListener("click", () => {
    allEvents = true;
    showEvents(view.events || []);
    at("events").setAttribute("tabindex", "-1");
    at("events").focus();
  });
  at("chart-table").addEventListener("toggle", () => span() && showTable(span()));
  new ResizeObserver(() => span() && draw(chart, span(), cursor)).observe(chart);
}

wire();
listen();
