"use strict";
// What the pages share: sentences in two languages, small DOM helpers, plots in the page's colours. The page's own script
// follows in the same element, calls start() at its end and says how everything is shown again in another language.
const DATA = JSON.parse(document.getElementById("data").textContent);
const WORDS = DATA.words;
const $ = (id) => document.getElementById(id);

// ---- words -------------------------------------------------------------------------------------------------------
let language = DATA.language;

function number(value, digits = 3) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  const size = Math.abs(value);
  return size >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(digits)));
}
const percent = (value, digits = 1) =>
  value === null || !Number.isFinite(value) ? "–" : (100 * value).toFixed(digits) + "\u00a0%";
const hundred = (value) => (value === null || !Number.isFinite(value) ? "–" : String(Math.round(100 * value)));
const score = (value) => number(value, 4);

function T(key, values = {}) {
  return WORDS[key][language].replace(/\{(\w+)(%?)\}/g, (_, name, share) => {
    const value = values[name];
    if (typeof value !== "number") return value === undefined ? "–" : value;
    return share ? percent(value) : number(value);
  });
}
// ---- small DOM helpers: text only, nothing is ever parsed as HTML -------------------------------------------------
function make(tag, text, name) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (name) element.className = name;
  return element;
}
const say = (id, text) => { $(id).textContent = text; };
const fill = (element, children) => element.replaceChildren(...children);

const table = (id, ...parts) => fillTable($(id), ...parts);
function fillTable(element, head, rows, textColumns = []) {
  const line = (cells, tag) => {
    const row = make("tr");
    cells.forEach((cell, at) => {
      const made = make(tag, cell, textColumns.includes(at) ? "text" : "");
      if (tag === "th") made.scope = "col";
      row.append(made);
    });
    return row;
  };
  const top = make("thead"), body = make("tbody");
  if (head) top.append(line(head, "th"));
  rows.forEach((row) => body.append(line(row, "td")));
  fill(element, head ? [top, body] : [body]);
  return element;
}
const tile = (what, value, words) => {
  const made = make("div", undefined, "tile");
  made.append(make("div", what, "what"), make("div", value, "value"), make("div", words, "words"));
  return made;
};

// ---- drawings -----------------------------------------------------------------------------------------------------
function shape(name, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  if (text !== undefined) element.textContent = text;
  return element;
}
function canvas(id, width, height, alt) {
  const made = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": alt });
  fill($(id), [made]);
  return made;
}


// ---- plots ----------------------------------------------------------------------------------------------------------
let plots = [];
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
const faint = (hex, part) => hex + Math.round(255 * part).toString(16).padStart(2, "0");

function drawPlot(id, columns, options) {
  const home = $(id);
  const axis = (text, values, size) => ({
    label: text, stroke: colour("quiet"), labelSize: 24, size: size, font: "12px system-ui", labelFont: "12px system-ui",
    grid: { stroke: faint(colour("line"), 0.7), width: 1 }, ticks: { stroke: colour("line"), width: 1, size: 5 },
    values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : values ? values(tick) : number(tick, 4))),
  });
  const made = new uPlot({
    width: Math.max(home.clientWidth, 280), height: options.height || 260,
    series: [{ label: options.x, value: (_, v) => (v === null ? "–" : (options.xv || score)(v)) }, ...options.series],
    bands: options.bands || [], scales: { x: { time: false, ...(options.xs || {}) }, y: options.ys || {} },
    axes: [{ ...axis(options.x, options.xv, 34), ...(options.xa || {}) }, axis(options.y, options.yv, 58)],
    legend: { live: true, markers: { dash: (u, at) => ((u.series[at].dash || []).length ? "dashed" : "solid") } }, cursor: { y: false, drag: { x: false, y: false } }, plugins: options.plugins || [],
  }, columns, home);
  home.setAttribute("aria-label", options.alt);
  plots.push({ made, home, marked: options.marked });
}
function clearPlots() {
  plots.forEach((one) => one.made.destroy());
  plots = [];
}

// ---- the whole page ---------------------------------------------------------------------------------------------------
function start(show, draw) {
  const all = () => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    document.querySelectorAll("[data-t]").forEach((element) => { element.textContent = T(element.dataset.t); });
    document.querySelectorAll("[data-label]").forEach((element) => { element.setAttribute("aria-label", T(element.dataset.label)); });
    document.querySelectorAll("[data-language]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    });
    show();
    draw();
  };
  document.querySelectorAll("[data-language]").forEach((button) => {
    button.addEventListener("click", () => { language = button.dataset.language; all(); });
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  addEventListener("resize", () => plots.forEach((one) => one.made.setSize({ width: Math.max(one.home.clientWidth, 280), height: one.made.height })));
  // Paper is white: plots are drawn again in the light colours while printing.
  addEventListener("beforeprint", () => { document.documentElement.classList.add("printing"); draw(); });
  addEventListener("afterprint", () => { document.documentElement.classList.remove("printing"); draw(); });
  all();
}
