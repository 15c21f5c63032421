(() => {
const C = DATA.curves, LAST = DATA.last;
const three = (value) => (Number.isFinite(value) ? value.toFixed(3) : "–");
const clock = (seconds) => {
  const whole = Math.floor(seconds || 0), two = (value) => String(value).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
};
// The reader's language outlives a reload: it is kept in the address.
if (["#en", "#zh"].includes(location.hash)) language = location.hash.slice(1);

function show() {
  if (location.hash.slice(1) !== language) history.replaceState(null, "", "#" + language);
  document.title = T("curves.title");
  say("state", DATA.done ? T("curves.done") : T("curves.running", { seconds: DATA.seconds }));
  const tiles = [tile(T("curves.step"), number(LAST.step), LAST.epoch === undefined ? "" : `${T("curves.epoch")} ${number(LAST.epoch)}`)];
  if (LAST.loss !== undefined) tiles.push(tile(T("curves.loss"), number(LAST.loss), ""));
  if (DATA.best) tiles.push(tile(T("curves.best", DATA.best), three(DATA.best.best), T("curves.at_step", DATA.best)));
  if (LAST.seconds !== undefined) tiles.push(tile(T("curves.time"), clock(LAST.seconds), ""));
  if (LAST.pairs !== undefined) tiles.push(tile(T("curves.pairs"), number(LAST.pairs), ""));
  if (LAST.pairs_per_second !== undefined) tiles.push(tile(T("curves.pairs_per_second"), number(LAST.pairs_per_second), ""));
  fill($("tiles"), tiles);
  const notes = [], points = C.loss[0].length;
  if (!DATA.rows) notes.push(T("curves.empty"));
  if (DATA.broken) notes.push(T("curves.broken", DATA));
  if (points && points < DATA.rows) notes.push(T("curves.thinned", { rows: DATA.rows, shown: points }));
  fill($("notes"), notes.map((note) => make("li", note)));
  say("dev-words", DATA.best ? T("curves.dev_words", { ...DATA.best, best: three(DATA.best.best) }) : T("curves.dev_none"));
  const names = Object.keys(DATA.dev.values);
  table("data-dev", [T("curves.step"), ...names], DATA.dev.steps.map((step, at) => [number(step), ...names.map((name) => three(DATA.dev.values[name][at]))]));
}

function smooth(values) { // the mean of each point's neighbours, a twentieth of the curve in all
  const wide = Math.max(1, Math.round(values.length / 40)), sums = [0];
  values.forEach((value, at) => sums.push(sums[at] + value));
  return values.map((_, at) => {
    const from = Math.max(0, at - wide), to = Math.min(values.length, at + wide + 1);
    return (sums[to] - sums[from]) / (to - from);
  });
}
const series = (text, stroke, more) => ({ label: text, stroke, width: 2, points: { show: false }, spanGaps: true, value: (_, v) => number(v, 4), ...more });

function draw() {
  clearPlots();
  const steps = T("curves.step"), names = Object.keys(DATA.dev.values);
  ["loss", "rate", "pairs_per_second"].forEach((name) => { $("s-" + name).hidden = !C[name][0].length; });
  $("plot-dev").hidden = !names.length;
  if (names.length) {
    const dots = { show: true, size: 6 };
    drawPlot("plot-dev", [DATA.dev.steps, ...names.map((name) => DATA.dev.values[name])], {
      x: steps, y: "", alt: T("curves.dev_words", { ...DATA.best, best: three(DATA.best.best) }),
      series: names.map((name, at) => series(name, colour("part" + (at + 1) % 8), { points: dots, dash: at ? [5, 3] : [] })),
    });
  }
  if (C.loss[0].length) {
    drawPlot("plot-loss", [...C.loss, smooth(C.loss[1])], {
      x: steps, y: "", alt: T("curves.loss_words"),
      series: [series(T("curves.loss"), faint(colour("part1"), 0.35), { width: 1 }), series(T("curves.smooth"), colour("part1"))],
    });
  }
  if (C.rate[0].length) {
    const ends = { least: number(Math.min(...C.rate[1])), most: number(Math.max(...C.rate[1])) };
    drawPlot("plot-rate", C.rate, { x: steps, y: "", alt: T("curves.rate_words", ends), height: 200, series: [series(T("curves.rate"), colour("part3"))] });
  }
  if (C.pairs_per_second[0].length) {
    drawPlot("plot-pairs_per_second", C.pairs_per_second, {
      x: steps, y: "", alt: T("curves.speed_words"), height: 200, series: [series(T("curves.pairs_per_second"), colour("part2"))],
      ys: { range: (_, low, high) => [0, (high || 1) * 1.05] },
    });
  }
}

start(show, draw);
if (!DATA.done) setTimeout(() => location.reload(), 1000 * DATA.seconds);
})();
