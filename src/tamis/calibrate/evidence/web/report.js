(() => {
const R = DATA.report, OP = R.operating;
const partName = (part) => (part === "relevant" || part === "irrelevant" ? T("label." + part) : T("label.grade", { grade: part }));
const label = (value) => T(value ? "label.relevant" : "label.irrelevant");

// ---- what is known at each threshold (loose to strict, so that sliding right is stricter) --------------------------
const order = OP.thresholds.map((_, at) => OP.thresholds.length - 1 - at);
const by = (values) => order.map((at) => values[at]);
const points = {
  thresholds: by(OP.thresholds), accepted: by(OP.accepted), relevant: by(OP.relevant), shown: by(OP.shown),
  served: by(OP.served), misled: by(OP.misled), precision: by(OP.precision), recall: by(OP.recall),
  share: by(OP.share),
};
const irrelevantInAll = OP.pairs - OP.all_relevant;
const prior = OP.all_relevant / OP.pairs;

function nearest(value) {
  let low = 0, high = points.thresholds.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points.thresholds[middle] < value) low = middle + 1; else high = middle;
  }
  return low > 0 && value - points.thresholds[low - 1] < points.thresholds[low] - value ? low - 1 : low;
}
// Where the line stands at first: where it tells the labels apart best, whatever their shares (Youden's index).
function atStart() {
  let best = 0, most = -1;
  points.thresholds.forEach((_, at) => {
    const apart = points.relevant[at] / (OP.all_relevant || 1) - (points.accepted[at] - points.relevant[at]) / (irrelevantInAll || 1);
    if (apart > most) { most = apart; best = at; }
  });
  return best;
}
const decided = DATA.policy && DATA.policy.issued && Number.isFinite(DATA.policy.threshold) ? DATA.policy.threshold : null;
let chosen = decided === null ? atStart() : nearest(decided);
let cheapest = null, balanced = null;

// ---- plots ----------------------------------------------------------------------------------------------------------
function line(u, value, stroke, dash) {
  if (value === null || value < u.scales.x.min || value > u.scales.x.max) return;
  const at = Math.round(u.valToPos(value, "x", true)), { ctx, bbox } = u;
  ctx.save();
  ctx.strokeStyle = stroke; ctx.lineWidth = 2 * devicePixelRatio; ctx.setLineDash(dash);
  ctx.beginPath(); ctx.moveTo(at, bbox.top); ctx.lineTo(at, bbox.top + bbox.height); ctx.stroke();
  ctx.restore();
}
// Where both labels are common, behind everything else; where there is no such place, nothing.
const zone = R.overlap_zone && R.overlap_zone.low <= R.overlap_zone.high ? R.overlap_zone : null;
const shaded = {
  hooks: {
    drawClear: [(u) => {
      if (!zone) return;
      const [from, to] = [zone.low, zone.high].map((end) => u.valToPos(end, "x", true)), { ctx, bbox } = u;
      ctx.save();
      ctx.fillStyle = faint(colour("quiet"), 0.18);
      ctx.fillRect(from, bbox.top, Math.max(1, to - from), bbox.height);
      ctx.restore();
    }],
  },
};
const marks = {
  hooks: {
    draw: [(u) => {
      if (decided !== null) line(u, decided, colour("part2"), [6 * devicePixelRatio, 5 * devicePixelRatio]);
      line(u, points.thresholds[chosen], colour("mark"), []);
    }],
    ready: [(u) => {
      const follow = (event) => {
        const box = u.over.getBoundingClientRect();
        choose(nearest(u.posToVal(event.clientX - box.left, "x")));
      };
      u.over.addEventListener("pointerdown", (event) => {
        if (event.button) return;
        u.over.setPointerCapture(event.pointerId);
        follow(event);
      });
      u.over.addEventListener("pointermove", (event) => { if (event.buttons & 1) follow(event); });
    }],
  },
};

function plot(id, columns, options) {
  drawPlot(id, columns, { ...options, plugins: [...(options.zone ? [shaded] : []), ...(options.marked ? [marks] : [])] });
  $(id).classList.toggle("drag", Boolean(options.marked));
}
const shares = (tick) => Number((100 * tick).toFixed(1)) + "\u00a0%";
const unit = { range: () => [0, 1.02] };
const curveSeries = (text, stroke, dash) => ({
  label: text, stroke, width: 2, dash, points: { show: false }, value: (_, v) => percent(v), spanGaps: true,
});
const edge = (stroke) => ({
  label: "", stroke: faint(stroke, 0.35), width: 1, points: { show: false }, spanGaps: true, class: "edge",
});

function drawHistogram() {
  const H = R.histogram, names = Object.keys(H.counts), counts = $("counts").checked;
  const values = names.map((name) => {
    const all = H.counts[name].reduce((sum, one) => sum + one, 0) || 1;
    const shown = counts ? H.counts[name] : H.counts[name].map((one) => one / all);
    return [...shown, shown[shown.length - 1]];
  });
  const stepped = uPlot.paths.stepped({ align: 1 });
  const middle = R.by_part[names[names.length - 1]];
  plot("plot-histogram", [H.edges, ...values], {
    x: T("axis.score"), y: T(counts ? "axis.count" : "axis.share"), yv: counts ? null : shares, marked: true, zone: true,
    ys: { range: (_, low, high) => [0, (high || 1) * 1.05] },
    series: names.map((name, at) => ({
      label: partName(name), stroke: colour("part" + at), fill: faint(colour("part" + at), 0.22), width: 2, paths: stepped,
      points: { show: false }, dash: at % 2 ? [] : [5, 3], value: (_, v) => (counts ? number(v) : percent(v)),
    })),
    alt: T("threshold.histogram_words", {
      name: partName(names[names.length - 1]), low: score(middle.quantiles[1]), high: score(middle.quantiles[3]),
    }),
  });
  table("data-histogram", [T("axis.from"), T("axis.to"), ...names.map(partName)],
    H.edges.slice(0, -1).map((from, at) => [score(from), score(H.edges[at + 1]), ...names.map((name) => number(H.counts[name][at]))]));
}

// F-measure at each threshold: recall counts beta times as much as precision.
function measures() {
  const square = (+$("beta").value) ** 2;
  return points.thresholds.map((_, at) => {
    const whole = square * OP.all_relevant + points.accepted[at];
    return whole ? ((1 + square) * points.relevant[at]) / whole : 0;
  });
}
const measure = () => T("f.name", { beta: number(+$("beta").value) });

function drawCurves() {
  const P = colour("part1"), Q = colour("part0"), S = colour("part3"), F = colour("part2");
  const of = (rows, at) => rows.map((row) => row[at]), M = measures();
  const ends = (rows) => [of(rows, 2), of(rows, 0)];
  plot("plot-curves", [points.thresholds, of(points.precision, 1), of(points.recall, 1), of(points.share, 1), M,
    ...ends(points.precision), ...ends(points.recall), ...ends(points.share)], {
    x: T("axis.score"), y: "", yv: shares, marked: true, ys: unit,
    xs: { range: () => [R.histogram.edges[0], R.histogram.edges[R.histogram.edges.length - 1]] },
    series: [curveSeries(T("threshold.precision"), P), curveSeries(T("threshold.recall"), Q, [6, 4]),
      curveSeries(T("threshold.share"), S, [2, 3]), curveSeries(measure(), F, [9, 3, 2, 3]),
      edge(P), edge(P), edge(Q), edge(Q), edge(S), edge(S)],
    bands: [[5, P], [7, Q], [9, S]].map(([at, stroke]) => ({ series: [at, at + 1], fill: faint(stroke, 0.15) })),
    alt: T("threshold.curves_words"),
  });
  table("data-curves", [T("threshold.slider"), T("threshold.precision"), T("threshold.band"), T("threshold.recall"),
    T("threshold.band"), T("threshold.share"), T("threshold.band"), measure(), T("threshold.accepted")],
  points.thresholds.map((at, i) => {
    const both = (row) => [percent(row[1]), T("page.between", { low: percent(row[0]), high: percent(row[2]) })];
    return [score(at), ...both(points.precision[i]), ...both(points.recall[i]), ...both(points.share[i]), percent(M[i]),
      number(points.accepted[i])];
  }));
}

function costs() {
  const wrong = +$("cost-wrong").value, missed = +$("cost-missed").value, share = +$("prevalence").value / 100;
  const each = points.thresholds.map((_, at) => {
    const right = OP.all_relevant ? points.relevant[at] / OP.all_relevant : 0;
    const false_ = irrelevantInAll ? (points.accepted[at] - points.relevant[at]) / irrelevantInAll : 0;
    return 1000 * (wrong * (1 - share) * false_ + missed * share * (1 - right));
  });
  return { wrong, missed, share, each, all: 1000 * wrong * (1 - share), nothing: 1000 * missed * share };
}

function drawCost() {
  const C = costs(), flat = (value) => points.thresholds.map(() => value);
  const value = (_, v) => number(v);
  const series = (text, stroke, dash, width) => ({ label: text, stroke, width, dash, points: { show: false }, value });
  plot("plot-cost", [points.thresholds, C.each, flat(C.all), flat(C.nothing)], {
    x: T("axis.score"), y: T("axis.cost"), marked: true,
    ys: { range: (_, low, high) => [0, (high || 1) * 1.05] },
    xs: { range: () => [R.histogram.edges[0], R.histogram.edges[R.histogram.edges.length - 1]] },
    series: [series(T("cost.curve"), colour("part1"), [], 2), series(T("cost.all"), colour("part0"), [3, 4], 2),
      series(T("cost.nothing"), colour("part3"), [8, 4], 2)],
    alt: $("cost-live").textContent,
  });
  table("data-cost", [T("threshold.slider"), T("axis.cost")], points.thresholds.map((at, i) => [score(at), number(C.each[i])]));
}

function drawRelevance() {
  const bins = R.relevance, blue = colour("part1");
  plot("plot-relevance", [bins.map((b) => b.value), bins.map((b) => b.observed), bins.map((b) => b.high), bins.map((b) => b.low)], {
    x: T("axis.score"), y: T("axis.relevant"), yv: shares, ys: unit, marked: true,
    series: [{ ...curveSeries(T("axis.relevant"), blue), points: { show: true, size: 7, fill: blue } },
      edge(blue), edge(blue)],
    bands: [{ series: [2, 3], fill: faint(blue, 0.15) }],
    alt: T("relevance.words"),
  });
  table("data-relevance", [T("axis.from"), T("axis.to"), T("axis.count"), T("axis.relevant"), T("threshold.band")],
    bins.map((b) => [score(b.start), score(b.end), number(b.pairs), percent(b.observed),
      T("page.between", { low: percent(b.low), high: percent(b.high) })]));
}

function drawReliability() {
  if (!R.reliability) return;
  const bins = R.reliability.curve, blue = colour("part1");
  const x = [0, ...bins.map((b) => b.value), 1], gap = (values) => [null, ...values, null], grey = colour("quiet");
  const band = (stroke) => ({ ...edge(stroke), spanGaps: false });
  const chance = (end) => gap(R.reliability.null_band.map((ends) => ends[end]));
  plot("plot-reliability", [x, x, gap(bins.map((b) => b.observed)), gap(bins.map((b) => b.high)), gap(bins.map((b) => b.low)),
    chance(1), chance(0)], {
    x: T("axis.probability"), y: T("axis.relevant"), yv: shares, ys: unit, xs: { range: () => [0, 1] }, height: 320,
    series: [curveSeries(T("reliability.perfect"), grey, [6, 5]),
      { ...curveSeries(T("reliability.observed"), blue), spanGaps: false, points: { show: true, size: 7, fill: blue } },
      band(blue), band(blue), band(grey), band(grey)],
    bands: [{ series: [5, 6], fill: faint(grey, 0.2) }, { series: [3, 4], fill: faint(blue, 0.15) }],
    alt: T("reliability.words", { calibrator: R.calibrator }),
  });
  const between = (low, high) => T("page.between", { low: percent(low), high: percent(high) });
  table("data-reliability", [T("axis.probability"), T("axis.count"), T("axis.relevant"), T("threshold.band"), T("reliability.band")],
    bins.map((b, i) => [percent(b.value), number(b.pairs), percent(b.observed), between(b.low, b.high),
      between(...R.reliability.null_band[i])]));
}

function draw() {
  clearPlots();
  [drawHistogram, drawCurves, drawCost, drawRelevance, drawReliability].forEach((one) => one());
}

// ---- what changes with the threshold and the costs --------------------------------------------------------------------
function choose(at) {
  chosen = Math.max(0, Math.min(points.thresholds.length - 1, at));
  showThreshold();
  plots.forEach((one) => { if (one.marked) one.made.redraw(false); });
}

function showThreshold() {
  const t = points.thresholds[chosen], [plow, p, phigh] = points.precision[chosen], [rlow, r, rhigh] = points.recall[chosen];
  const accepted = points.accepted[chosen], right = points.relevant[chosen];
  $("threshold").value = chosen;
  $("threshold").setAttribute("aria-valuetext", score(t));
  say("threshold-value", score(t));
  say("live", T("threshold.live", {
    threshold: score(t), precision: hundred(p), plow: hundred(plow), phigh: hundred(phigh),
    recall: hundred(r), rlow: hundred(rlow), rhigh: hundred(rhigh), missed: r === null ? "–" : String(100 - Math.round(100 * r)),
  }));
  const span = (low, high) => T("page.between", { low: percent(low), high: percent(high) });
  const tiles = [
    tile(T("threshold.precision"), percent(p), span(plow, phigh)), tile(T("threshold.recall"), percent(r), span(rlow, rhigh)),
    tile(measure(), percent(measures()[chosen]), T("f.words")),
    tile(T("threshold.accepted"), number(accepted), T("threshold.accepted_words", { pairs: number(OP.pairs) })),
    tile(T("threshold.wrong"), number(accepted - right), T("threshold.wrong_words")),
    tile(T("threshold.missed"), number(OP.all_relevant - right), T("threshold.missed_words", { relevant: number(OP.all_relevant) })),
  ];
  if (R.queries !== null) {
    tiles.push(tile(T("threshold.served"), number(points.served[chosen]), T("threshold.served_words", { answerable: OP.answerable })));
    if (OP.queries > OP.answerable)
      tiles.push(tile(T("threshold.misled"), number(points.misled[chosen]), T("threshold.misled_words", { answerless: OP.queries - OP.answerable })));
  }
  fill($("outcome"), tiles);
}

function showMeasure() {
  const all = measures();
  let best = 0;
  all.forEach((one, at) => { if (one >= all[best]) best = at; });
  balanced = OP.all_relevant ? best : null;
  say("beta-value", number(+$("beta").value));
  say("f-live", balanced === null ? "" : T("f.best", { name: measure(), threshold: score(points.thresholds[best]), value: all[best] }));
  $("f-move").hidden = balanced === null;
}

function showCosts() {
  const C = costs();
  say("cost-wrong-value", number(C.wrong)); say("cost-missed-value", number(C.missed)); say("prevalence-value", percent(C.share));
  let best = 0;
  C.each.forEach((cost, at) => { if (cost < C.each[best]) best = at; });
  const values = {
    threshold: score(points.thresholds[best]), cost: number(C.each[best]), all: number(C.all), nothing: number(C.nothing),
    probability: C.wrong + C.missed > 0 ? C.wrong / (C.wrong + C.missed) : 0,
  };
  const pays = C.each[best] < Math.min(C.all, C.nothing) - 1e-9;
  cheapest = pays ? best : null;
  say("cost-live", T(pays ? "cost.best" : C.all <= C.nothing ? "cost.best_all" : "cost.best_nothing", values));
  $("cost-move").disabled = !pays;
  $("cost-move").hidden = !pays;
}

// ---- what stands still -------------------------------------------------------------------------------------------------
function verdict() {
  const S = R.separation;
  if (!S) return "summary.auc_unknown";
  if (S.auc_high < 0.5) return "summary.auc_reversed";
  if (S.auc_low <= 0.5) return "summary.auc_none";
  return S.auc >= 0.9 ? "summary.auc_strong" : S.auc >= 0.75 ? "summary.auc_good" : "summary.auc_weak";
}

function showSummary() {
  const S = R.separation, Q = R.per_query, Z = R.overlap_zone, E = R.reliability;
  say("title", DATA.title || T("page.title"));
  document.title = DATA.title || T("page.title");
  const subject = { pairs: R.pairs, queries: R.queries, stage: R.stage || T("page.unnamed") };
  say("subtitle", T(R.queries === null ? "page.subtitle_pairs" : "page.subtitle", subject));
  say("verdict", T(verdict()));
  say("verdict-words", S ? T("summary.auc_words", { auc: hundred(S.auc), low: hundred(S.auc_low), high: hundred(S.auc_high) }) : "");
  const tiles = [tile(T("summary.base"), percent(R.base_rate), T("summary.base_words"))];
  if (S) tiles.push(tile(T("summary.auc"), number(S.auc), T("page.between", { low: number(S.auc_low), high: number(S.auc_high) })));
  if (Q) tiles.push(tile(T("summary.without"), percent(Q.without_relevant), T("summary.without_words")));
  if (Z) {
    const gap = Z.low > Z.high, ends = { low: score(gap ? Z.high : Z.low), high: score(gap ? Z.low : Z.high) };
    tiles.push(tile(T("summary.grey"), percent(Z.share), T(gap ? "summary.grey_gap" : "summary.grey_words", ends)));
  }
  if (E) tiles.push(tile(T("summary.error"), percent(E.error),
    T(E.error <= E.null_high ? "summary.error_fine" : "summary.error_seen", { null: E.null_high })));
  fill($("tiles"), tiles);
  const remark = (note) => T("note." + note.code, note.values.label ? { label: T("label." + note.values.label) } : note.values);
  const notes = R.notes.map((note) => make("li", remark(note)));
  fill($("notes"), notes.length ? notes : [make("li", T("summary.no_notes"), "fine")]);
}

function showPolicy() {
  $("policy").hidden = !DATA.policy;
  if (!DATA.policy) return;
  const policy = { ...DATA.policy, ...(DATA.policy.told || {})[language] };
  say("policy-words", policy.issued ? T("policy.issued", { threshold: score(policy.threshold) }) : T("policy.refused", { reason: policy.reason || "–" }));
  const held = policy.held_out || {}, span = (name) => {
    const [low, high] = held[name + "_interval"] || [held.low, held.high];
    return percent(held[name]) + (Number.isFinite(low) ? ` (${T("page.between", { low: percent(low), high: percent(high) })})` : "");
  };
  const known = (name) => policy[name] !== null && policy[name] !== undefined && policy[name] !== "" && policy[name] !== 0;
  const rows = [["promise", () => policy.promise], ["bound", () => percent(policy.bound)], ["confidence", () => percent(policy.confidence)],
    ["accepted", () => number(policy.accepted)], ["queries", () => number(policy.queries)], ["labels_needed", () => number(policy.labels_needed)],
    ["assumptions", () => policy.assumptions.join("; ")]]
    .filter(([name]) => known(name) && (name !== "assumptions" || policy.assumptions.length))
    .map(([name, shown]) => [T("policy." + name), shown()]);
  ["precision", "recall"].filter((name) => Number.isFinite(held[name])).forEach((name) => rows.push([T("policy.held_" + name), span(name)]));
  (policy.nearest_achievable || []).forEach(([least, from]) => rows.push([T("policy.nearest"), T("policy.nearest_words", { least, from: score(from) })]));
  table("policy-table", [T("policy.what"), T("policy.value")], rows, [1]);
}

function showZone() {
  const Z = R.overlap_zone;
  $("zone-words").hidden = !Z;
  if (Z) say("zone-words", T(zone ? "threshold.zone" : "threshold.no_zone",
    { low: score(Math.min(Z.low, Z.high)), high: score(Math.max(Z.low, Z.high)), share: Z.share }));
}

function showRelevance() {
  const Z = R.undecided_zone;
  say("undecided", Z ? T("relevance.undecided", { low: score(Z.low), high: score(Z.high), share: Z.share })
    : T(R.relevance.some((bin) => bin.low >= 0.5) ? "relevance.decided" : "relevance.never"));
}

function showReliability() {
  const E = R.reliability;
  $("reliability-body").hidden = !E;
  say("reliability-words", E ? T("reliability.words", { calibrator: R.calibrator }) : T("reliability.missing"));
  if (!E) return;
  const plain = (value) => (Math.abs(value) < 0.0005 ? "0.000" : value.toFixed(3));
  table("reliability-table", null, [
    [T("reliability.error"), `${percent(E.error, 2)} (${T("page.between", { low: percent(E.error_low, 2), high: percent(E.error_high, 2) })})`],
    [T("reliability.null"), percent(E.null_high, 2)], [T("reliability.plain"), percent(E.plain_error, 2)],
    [T("reliability.mean", { base: E.base_rate }), percent(E.mean_probability)],
    [T("reliability.brier"), plain(E.brier)], [T("reliability.miscalibration"), plain(E.miscalibration)],
    [T("reliability.discrimination"), plain(E.discrimination)], [T("reliability.uncertainty"), plain(E.uncertainty)],
    [T("reliability.log_loss", { base: plain(E.base_log_loss) }), plain(E.log_loss)],
  ]);
}

function showQueries() {
  const Q = R.reading;
  say("queries-words", T(Q ? "queries.words" : "queries.unknown"));
  say("queries-own", Q && Q.own ? T("queries.own") : "");
  if (!Q) return;
  table("rules-table", [T("queries.rule"), T("queries.count"), T("queries.expected")],
    Object.keys(Q.counts).map((rule) => [T("rule." + rule), number(Q.counts[rule]), number(Q.expected[rule])]), [0]);
  if (!Q.remarks.length) { table("queries-table", null, [[T("queries.nothing")]]); return; }
  table("queries-table", [T("queries.query"), T("queries.rule"), T("queries.value"), T("queries.percentile")],
    Q.remarks.map((one) => [one.query, T("rule." + one.rule).split(/[:：]/)[0], score(one.value), percent(one.percentile)]), [1]);
}

function showSuspects() {
  say("suspects-words", R.reliability ? T("suspects.words") : T("reliability.missing"));
  if (!R.suspects.length) { table("suspects-table", null, R.reliability ? [[T("suspects.nothing")]] : []); return; }
  table("suspects-table", [T("queries.query"), T("suspects.index"), T("suspects.label"), T("suspects.score"), T("suspects.probability")],
    R.suspects.map((one) => [one.query || "–", number(one.index), label(one.label), score(one.score), percent(one.probability)]), [2]);
}

function showStatistics() {
  const row = (name, s) => [name, number(s.pairs), score(s.mean), score(s.median), score(s.std), score(s.least), score(s.largest),
    [0, 1, 3, 4].map((at) => score(s.quantiles[at])).join(" / ")];
  table("statistics-table", ["part", "pairs", "mean", "median", "std", "least", "largest", "quantiles"].map((one) => T("statistics." + one)),
    [row(T("label.all"), R.overall), ...Object.entries(R.by_part).map(([name, s]) => row(partName(name), s))]);
  const rows = [[T("statistics.tied"), percent(R.resolution.tied)]];
  if (R.separation) rows.unshift([T("statistics.overlap"), percent(R.separation.overlap)], [T("statistics.distance"), number(R.separation.distance)]);
  if (R.per_query) {
    const q = R.per_query.quantiles;
    rows.push([T("statistics.base"), [R.per_query.base_rate, q[0], q[2], q[4]].map((one) => percent(one)).join(" / ")],
      [T("statistics.per_query"), number(R.per_query.pairs)]);
  }
  table("more-statistics", null, rows);
}

function showGlossary() {
  const terms = Object.keys(WORDS).filter((key) => key.startsWith("glossary.") && WORDS[key + "_words"]);
  fill($("glossary"), terms.flatMap((key) => [make("dt", T(key)), make("dd", T(key + "_words"))]));
}

function show() {
  [showSummary, showPolicy, showZone, showThreshold, showMeasure, showCosts, showRelevance, showReliability, showQueries, showSuspects,
    showStatistics, showGlossary].forEach((one) => one());
}

// ---- events --------------------------------------------------------------------------------------------------------------
$("threshold").max = points.thresholds.length - 1;
$("threshold").addEventListener("input", (event) => choose(+event.target.value));
$("prevalence").value = Math.max(0.5, Math.min(99.5, Math.round(200 * prior) / 2));
$("counts").addEventListener("change", draw);
["cost-wrong", "cost-missed", "prevalence"].forEach((id) => $(id).addEventListener("input", () => { showCosts(); draw(); }));
$("beta").addEventListener("input", () => { showThreshold(); showMeasure(); draw(); });
$("f-move").addEventListener("click", () => { if (balanced !== null) choose(balanced); });
$("cost-move").addEventListener("click", () => { if (cheapest !== null) choose(cheapest); });
start(show, draw);
})();
