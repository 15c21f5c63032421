(() => {
const DAYS = DATA.days, SCORES = DATA.scores, TRIAL = DATA.trial, LEDGER = DATA.ledger, DAY = 86400;
const FIGURES = { decisions: "part1", empty: "part0", shown: "part3", precision: "part1", satisfaction: "part6", clicked: "part5" };
const PERCENT = ["empty", "precision"], BOUND = [...PERCENT, "satisfaction"]; // as percentages; at most 1
const COMMANDS = {
  broken: ["tamis watch log STORE --verify"],
  relabel: ["tamis watch relabel STORE -o pairs.jsonl", "tamis watch acknowledge STORE --reason \"…\""],
  candidate: ["tamis watch replay STORE {digest}", "tamis watch approve STORE {digest}", "tamis watch retire STORE {digest} --reason \"…\""],
  shadow: ["tamis watch approve STORE {digest} --share 0.1"],
  approve: ["tamis watch approve STORE {digest}"],
  doubt: ["tamis watch relabel STORE -o pairs.jsonl"],
  retire: ["tamis watch retire STORE {digest} --reason \"…\""],
  observe: ["tamis serve --observe STORE"],
};
const shares = (tick) => Number((100 * tick).toFixed(1)) + "\u00a0%";
const three = (value) => (Number.isFinite(value) ? value.toFixed(3) : "–");
const signed = (value) => (Number.isFinite(value) ? (value < 0 ? "−" : "+") + Math.abs(value).toFixed(3) : "–");
const chance = (p) => (p === null || p === undefined ? "–" : p < 0.0001 ? "< 0.0001" : Number(p.toPrecision(2)).toString());
const between = (low, high, how) => T("page.between", { low: how(low), high: how(high) });
const told = (value, low, high, how) => T("page.estimate", { value: how(value), between: between(low, high, how) });
const round = (values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, typeof value === "number" ? shares(value) : value]));
const date = (at) => new Date(1000 * at).toISOString().slice(0, 10);
const minute = (at) => new Date(1000 * at).toISOString().slice(0, 16).replace("T", " ");
const many = (value) => (Number.isFinite(value) ? String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",") : "–");
const about = (value) => { const step = 10 ** Math.max(0, String(Math.round(value)).length - 2); return Math.ceil(value / step) * step; };
const policy = (name) => name || T("policy.everything");
const word = (group, key) => (WORDS[group + "." + key] ? T(group + "." + key) : key);
// Numbers that a sentence shows as they are; what is not among these is put in by T itself.
const shown = ({ key, values }) => T(key, { ...values, ...Object.fromEntries(Object.entries(values).map(([name, value]) =>
  [name, name === "more" ? many(about(value)) : ["sessions", "needed"].includes(name) ? many(value) : ["low", "high", "treated", "control"].includes(name) ? three(value)
    : ["now", "threshold"].includes(name) && value !== null ? score(value) : name === "name" ? policy(value) : name === "p" ? chance(value) : value])) });
const finding = (one) => T(one.segment ? "finding.segment" : one.p === null ? "finding.effect" : "finding.all",
  { measure: word("measure", one.measure), segment: one.segment, effect: number(one.effect), p: chance(one.p) });

// ---- where it stands -------------------------------------------------------------------------------------------------
const FINE = ["verdict.fine", "verdict.young", "verdict.nothing", "trial.better", "trial.same", "trial.open", "trial.few", "trial.users", "trial.sessions"];
function showNow() {
  const name = DATA.title || T("watch.title");
  say("title", name);
  document.title = name;
  say("subtitle", T("watch.subtitle", { from: minute(DATA.since), until: minute(DATA.until), made: minute(DATA.made) }));
  say("verdict", shown(DATA.verdict));
  $("state").className = "state" + (["verdict.broken", "verdict.alarm", "verdict.expired"].includes(DATA.verdict.key) ? " bad" : FINE.includes(DATA.verdict.key) && !DATA.doubt ? "" : " warn");
  $("alarm").hidden = !DATA.alarm;
  if (DATA.alarm) fill($("alarm"), [make("li", T("alarm.since", { at: minute(DATA.alarm.at) })), ...alarms(DATA.alarm.findings).map((one) => make("li", one))]);
  const A = DATA.active;
  say("decides", A === null ? T("decides.nothing") : T(A.since === null ? "decides.unknown" : A.threshold === null ? "decides.plain" : "decides.threshold",
    { name: policy(A.name), digest: A.digest ? T("decides.digest", A) : "", since: A.since === null ? "" : minute(A.since), threshold: A.threshold === null ? "" : score(A.threshold) }));
  const P = DATA.promise;
  $("promise").hidden = A === null;
  say("promise", P === null ? T("promise.none") : T("promise.line", { promise: T(P.key, round(P.values)),
    holds: T(P.holds ? (DATA.doubt ? "promise.doubtful" : "promise.holds") : DATA.expired ? "promise.expired" : "promise.alarm", { day: P.expires }) }));
  const D = DATA.doubt;
  $("doubt").hidden = !D;
  if (D) say("doubt", T("promise.doubt", { promised: shares(D.promised), precision: percent(D.value), between: between(D.low, D.high, percent) }));
  fill($("next"), DATA.next.map((line) => {
    const item = make("li", shown(line));
    (COMMANDS[line.key.slice(5)] || []).forEach((command) => item.append(make("code", command.replace("{digest}", line.values.digest))));
    return item;
  }));
  const figures = ["decisions", "empty", "precision", "satisfaction"].map((one) => latest(one));
  fill($("tiles"), [
    tile(T("tile.decisions"), many(DAYS.reduce((sum, day) => sum + day.decisions, 0)), T("tile.decisions_words", { days: DAYS.length })),
    ...figures.slice(1).map((found) => tile(T("tile." + found.name), found.figure ? found.how(found.figure[0]) : "–", found.figure
      ? T("tile.day", { day: date(found.at), between: between(found.figure[1], found.figure[2], found.how) }) : T("tile.little"))),
  ]);
}
// The newest day that has the figure.
function latest(name) {
  const day = [...DAYS].reverse().find((one) => one[name]);
  return { name, how: PERCENT.includes(name) ? percent : three, figure: day && day[name], at: day && day.start };
}

// ---- by day ------------------------------------------------------------------------------------------------------------
const places = DAYS.map((_, at) => at);
const day = (at) => (Number.isInteger(at) && DAYS[at] ? date(DAYS[at].start).slice(5) : "");
const midnight = Math.floor((DAYS.length ? DAYS[0].start : 0) / DAY);
const MOMENTS = LEDGER.rows.filter((row) => row.moves || row.act === "alarm").map((row) => ({ x: row.at / DAY - midnight - 0.5, alarm: row.act === "alarm" }));
const moments = {
  hooks: {
    drawClear: [(u) => MOMENTS.forEach((one) => {
      const { ctx, bbox } = u, x = Math.round(u.valToPos(one.x, "x", true)), dots = devicePixelRatio;
      ctx.save();
      ctx.strokeStyle = colour(one.alarm ? "part4" : "part2"); ctx.lineWidth = 2 * dots;
      ctx.setLineDash(one.alarm ? [2 * dots, 3 * dots] : [6 * dots, 4 * dots]);
      ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); ctx.stroke();
      ctx.restore();
    })],
  },
};
// The interval of each point, from columns 2 and 3.
const whiskers = (stroke) => ({
  hooks: {
    draw: [(u) => {
      const { ctx } = u, dots = devicePixelRatio, wide = 4 * dots;
      ctx.save();
      ctx.strokeStyle = stroke; ctx.lineWidth = 1.5 * dots;
      u.data[0].forEach((x, at) => {
        if (u.data[1][at] === null) return;
        const left = Math.round(u.valToPos(x, "x", true)), [low, high] = [u.data[2][at], u.data[3][at]].map((one) => u.valToPos(one, "y", true));
        ctx.beginPath();
        ctx.moveTo(left, low); ctx.lineTo(left, high);
        [low, high].forEach((end) => { ctx.moveTo(left - wide, end); ctx.lineTo(left + wide, end); });
        ctx.stroke();
      });
      ctx.restore();
    }],
  },
});
// The target of each day as a step, also where there is one day only: column 4.
const steps = (stroke) => ({
  hooks: {
    draw: [(u) => {
      const { ctx } = u, dots = devicePixelRatio;
      ctx.save();
      ctx.strokeStyle = stroke; ctx.lineWidth = 2 * dots; ctx.setLineDash([7 * dots, 4 * dots]);
      u.data[4].forEach((value, at) => {
        if (value === null) return;
        const y = Math.round(u.valToPos(value, "y", true));
        ctx.beginPath(); ctx.moveTo(u.valToPos(at - 0.5, "x", true), y); ctx.lineTo(u.valToPos(at + 0.5, "x", true), y); ctx.stroke();
      });
      ctx.restore();
    }],
  },
});
function days() { // the x axis of every plot by day
  const step = Math.max(1, Math.ceil(DAYS.length / 7));
  return { x: T("axis.day"), xv: day, xs: { range: () => [-0.5, DAYS.length - 0.5] }, xa: { splits: () => places.filter((at) => at % step === 0) } };
}
function showDays() {
  const told = Object.keys(FIGURES).filter((name) => name === "decisions" || DAYS.some((one) => one[name]));
  const missing = Object.keys(FIGURES).filter((name) => !told.includes(name)), some = DAYS.some((one) => one.decisions);
  fill($("days-notes"), (some ? missing : ["none"]).map((name) => make("li", T("missing." + name, { least: DATA.least }))));
  const keys = [["move", false], ["rang", true]].filter(([, alarm]) => MOMENTS.some((one) => one.alarm === alarm));
  fill($("days-keys"), some ? keys.map(([name]) => make("span", T("days." + name), name)) : []);
  fill($("days"), some ? told.map((name) => {
    const made = make("figure"), plot = make("div", undefined, "plot"), data = make("table"), box = make("div", undefined, "scroll"), more = make("details");
    plot.id = "plot-" + name;
    data.id = "data-" + name;
    plot.setAttribute("role", "img");
    box.append(data);
    more.append(make("summary", T("page.numbers")), box);
    made.append(make("figcaption", T("figure." + name)), plot, make("p", T("figure." + name + "_words"), "quiet"), more);
    return made;
  }) : []);
  if (some) told.forEach(showNumbers);
}
function showNumbers(name) {
  const how = PERCENT.includes(name) ? percent : three;
  if (name === "decisions") {
    table("data-decisions", [T("axis.day"), T("figure.decisions")], DAYS.map((one) => [date(one.start), many(one.decisions)]));
    return;
  }
  const target = name === "precision" && DATA.targets.some((one) => one !== null);
  table("data-" + name, [T("axis.day"), T("figure." + name), T("page.interval"), T("page.sessions"), ...(target ? [T("figure.target")] : [])], DAYS.map((one, at) => [
    date(one.start), ...(one[name] ? [how(one[name][0]), between(one[name][1], one[name][2], how), many(one[name][3])]
      : [T(one.decisions ? "page.little" : "page.empty"), "–", "–"]), ...(target ? [percent(DATA.targets[at])] : [])]));
}
function drawDays() {
  if (!$("plot-decisions")) return;
  const bars = uPlot.paths.bars({ size: [0.6, 48] });
  drawPlot("plot-decisions", [places, DAYS.map((one) => one.decisions)], {
    ...days(), y: "", height: 220, plugins: [moments], ys: { range: (_, low, high) => [0, (high || 1) * 1.08] },
    series: [{ label: T("figure.decisions"), stroke: colour("part1"), fill: faint(colour("part1"), 0.35), width: 1, paths: bars, points: { show: false }, value: (_, v) => many(v) }],
    alt: T("figure.alt", { what: T("figure.decisions"), days: DAYS.length, first: many(DAYS[0].decisions), last: many(DAYS[DAYS.length - 1].decisions) }),
  });
  Object.keys(FIGURES).filter((name) => name !== "decisions" && $("plot-" + name)).forEach(drawFigure);
}
function drawFigure(name) {
  const share = PERCENT.includes(name), how = share ? percent : three, stroke = colour(FIGURES[name]);
  const part = (at) => DAYS.map((one) => (one[name] ? one[name][at] : null));
  const targets = name === "precision" && DATA.targets.some((one) => one !== null) ? [DATA.targets] : [];
  const known = DAYS.filter((one) => one[name]), least = Math.min(...known.map((one) => one[name][1]), ...targets.flat().filter((one) => one !== null));
  const most = Math.max(...known.map((one) => one[name][2]), ...targets.flat().filter((one) => one !== null)), pad = Math.max((most - least) * 0.12, BOUND.includes(name) ? 0.01 : 0.02 * most);
  const silent = { label: "", stroke: "transparent", width: 0, points: { show: false }, class: "edge" };
  drawPlot("plot-" + name, [places, part(0), part(1), part(2), ...targets], {
    ...days(), y: "", yv: share ? shares : null, height: 220, plugins: [moments, whiskers(stroke), ...(targets.length ? [steps(colour("part2"))] : [])],
    ys: { range: () => [Math.max(0, least - pad), BOUND.includes(name) ? Math.min(1.01, most + pad) : most + pad] },
    series: [
      { label: T("figure." + name), stroke, width: 1.5, points: { show: true, size: 8, fill: stroke },
        value: (u, v, _, at) => (v === null ? "–" : told(v, u.data[2][at], u.data[3][at], how)) },
      silent, silent,
      ...targets.map(() => ({ label: T("figure.target"), stroke: colour("part2"), width: 2, dash: [7, 4], paths: () => null, points: { show: false }, value: (_, v) => percent(v) })),
    ],
    alt: T("figure.alt", { what: T("figure." + name), days: known.length, first: how(known[0][name][0]), last: how(known[known.length - 1][name][0]) }),
  });
}
function showTotals() {
  const rows = DATA.totals.map((one) => [one.model || "–", policy(one.policy), word("arm", one.arm || "all"), many(one.decisions),
    percent(one.decisions ? one.empty / one.decisions : null), many(one.accepted), many(one.candidates), percent(one.expected)]);
  if (!rows.length) table("totals-table", null, [[T("totals.nothing")]]);
  else table("totals-table", ["model", "policy", "arm", "decisions", "empty", "accepted", "candidates", "expected"].map((one) => T("totals." + one)), rows, [1, 2]);
  const kinds = Object.entries(DATA.feedback);
  say("feedback", kinds.length ? T("feedback.kinds", { from: minute(DATA.since), kinds: kinds.map(([kind, count]) => `${word("kind", kind)} ${many(count)}`).join(T("page.comma")) }) : T("feedback.nothing"));
}

// ---- scores ------------------------------------------------------------------------------------------------------------
function upright(value, stroke, dash) {
  return {
    hooks: {
      draw: [(u) => {
        if (value === null || value < u.scales.x.min || value > u.scales.x.max) return;
        const { ctx, bbox } = u, x = Math.round(u.valToPos(value, "x", true));
        ctx.save();
        ctx.strokeStyle = stroke; ctx.lineWidth = 2 * devicePixelRatio; ctx.setLineDash(dash.map((one) => one * devicePixelRatio));
        ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); ctx.stroke();
        ctx.restore();
      }],
    },
  };
}
function showScores() {
  const sides = Object.keys(SCORES.shares), key = sides.length === 2 ? "scores.both" : sides.length ? "scores." + sides[0] : "scores.nothing";
  const threshold = SCORES.threshold === null ? T("scores.no_threshold")
    : T(SCORES.below === null ? "scores.threshold" : "scores.below", { threshold: score(SCORES.threshold), below: SCORES.below });
  say("scores-words", T(key, { baseline: many(SCORES.baseline), period: many(SCORES.period) }) + T("page.space") + threshold);
  $("scores-figure").hidden = !sides.length;
  if (sides.length) table("data-scores", [T("axis.from"), T("axis.to"), ...sides.map((name) => T("side." + name))],
    SCORES.edges.slice(0, -1).map((from, at) => [score(from), score(SCORES.edges[at + 1]), ...sides.map((name) => percent(SCORES.shares[name][at]))]));
  const L = DATA.look;
  say("look-words", L ? T(L.findings.some((one) => one.alarm) ? "look.alarm" : "look.fine", { at: L.watched ? minute(L.watched) : "–" }) : T("look.nothing"));
  const found = L ? L.findings : [], calm = found.filter((one) => one.segment && !one.alarm);
  looked("look-table", found.filter((one) => !calm.includes(one)));
  $("look-more").hidden = !calm.length;
  looked("look-segments", calm);
}
function looked(id, rows) {
  if (!rows.length) { fill($(id), []); return; }
  table(id, ["measure", "segment", "effect", "p", "alarm_"].map((one) => T("look." + one)), rows.map((one) =>
    [word("measure", one.measure), one.segment || T("look.all"), number(one.effect), chance(one.p), T(one.alarm ? "look.rings" : "look.quiet")]), [0, 1, 4]);
  $(id).querySelectorAll("tbody tr").forEach((row, at) => { if (rows[at].alarm) row.className = "alarm"; });
}
function drawScores() {
  const sides = Object.keys(SCORES.shares);
  if (!sides.length) return;
  const stepped = uPlot.paths.stepped({ align: 1 }), colours = { baseline: "part7", period: "part1" };
  const marks = SCORES.threshold === null ? [] : [upright(SCORES.threshold, colour("part2"), [6, 4])];
  const line = SCORES.threshold === null ? [] : [{ label: T("scores.line"), stroke: colour("part2"), width: 2, dash: [6, 4], paths: () => null, points: { show: false }, value: () => score(SCORES.threshold) }];
  const values = sides.map((name) => [...SCORES.shares[name], SCORES.shares[name][SCORES.shares[name].length - 1]]);
  drawPlot("plot-scores", [SCORES.edges, ...values, ...line.map(() => SCORES.edges.map(() => null))], {
    x: T("axis.best"), y: T("axis.share"), yv: shares, plugins: marks, ys: { range: (_, low, high) => [0, (high || 1) * 1.05] },
    xs: { range: () => [Math.min(SCORES.edges[0], SCORES.threshold ?? SCORES.edges[0]), Math.max(SCORES.edges[SCORES.edges.length - 1], SCORES.threshold ?? SCORES.edges[0])] },
    series: [...sides.map((name, at) => ({ label: T("side." + name), stroke: colour(colours[name]), fill: faint(colour(colours[name]), 0.22), width: 2, paths: stepped,
      points: { show: false }, dash: at || sides.length < 2 ? [] : [5, 3], value: (_, v) => percent(v) })), ...line],
    alt: $("scores-words").textContent,
  });
}

// ---- proposals ---------------------------------------------------------------------------------------------------------
const estimate = (one) => (one ? told(one.value, one.low, one.high, percent) : "–");
function showProposals() {
  const A = DATA.advice;
  say("advice", T("advice.now", { what: shown(A.line) }));
  say("advice-precision", A.precision ? T("advice.precision", { precision: estimate(A.precision), sessions: many(A.sessions), shown: many(A.shown), clicks: many(A.clicks) }) : "");
  $("advice-precision").hidden = !A.precision;
  fill($("advice-curve"), A.curve && !DATA.proposals.some((one) => one.curve) ? curveOf("advice") : []);
  fill($("proposals"), DATA.proposals.length ? DATA.proposals.map(proposal) : [make("p", T("proposals.nothing"))]);
  CURVES().forEach(([id, curve]) => table("data-" + id, [T("axis.score"), T("curve.clicks"), T("page.interval"), ...(curve.own ? [T("curve.own")] : [])],
    curve.scores.map((at, i) => [score(at), percent(curve.clicks[i]), between(curve.low[i], curve.high[i], percent), ...(curve.own ? [percent(curve.own[i])] : [])])));
}
function curveOf(id) {
  const made = make("figure"), plot = make("div", undefined, "plot"), data = make("table"), box = make("div", undefined, "scroll"), more = make("details");
  plot.id = "plot-" + id;
  data.id = "data-" + id;
  plot.setAttribute("role", "img");
  box.append(data);
  more.append(make("summary", T("page.numbers")), box);
  made.append(make("figcaption", T("curve.caption")), plot, make("p", T("curve.words"), "quiet"), more);
  return [made];
}
const CURVES = () => {
  const own = DATA.proposals.flatMap((one, at) => (one.curve ? [["curve-" + at, one.curve, one.evidence.now, one.threshold]] : []));
  return own.length || !DATA.advice.curve ? own : [["advice", DATA.advice.curve, DATA.advice.now, null]];
};
function proposal(one, at) {
  const made = make("article", undefined, "proposal"), E = one.evidence, rows = make("table"), box = make("div", undefined, "scroll");
  made.append(make("h3", T("proposal.title", { name: policy(one.name), state: word("state", one.state) })),
    make("p", T("proposal.by", { actor: one.actor, at: minute(one.at), digest: one.digest }), "quiet"));
  const lines = E ? [
    [T("proposal.threshold"), E.now === null ? "–" : score(E.now), one.threshold === null ? "–" : score(one.threshold)],
    [T("proposal.precision"), estimate(E.precision), estimate(E.proposed)],
  ] : [[T("proposal.threshold"), "–", one.threshold === null ? "–" : score(one.threshold)]];
  box.append(fillTable(rows, ["", T("proposal.now"), T("proposal.new")], lines));
  if (E) made.append(make("p", T("proposal.rests", { sessions: many(E.sessions), shown: many(E.shown), clicks: many(E.clicks) })));
  else made.append(make("p", T("proposal.people")));
  made.append(box);
  const R = one.replay;
  made.append(make("p", R ? T("replay.words", { queries: many(R.queries), changed: many(R.changed), both: many(R.both), gone: many(R.only_old), more: many(R.only_new), emptied: many(R.emptied), filled: many(R.filled) })
    : T("replay.nothing")));
  if (one.curve) made.append(...curveOf("curve-" + at));
  return made;
}
function drawCurves() {
  CURVES().forEach(([id, curve, now, threshold]) => {
    const blue = colour("part1"), grey = colour("part7"), silent = { label: "", stroke: faint(blue, 0.4), width: 1, points: { show: false }, class: "edge" };
    const mark = (text, stroke, dash, value) => ({ label: text, stroke, width: 2, dash, paths: () => null, points: { show: false }, value: () => score(value) });
    const marks = [[T("proposal.now"), colour("mark"), [], now], [T("proposal.new"), colour("part2"), [6, 4], threshold]].filter((one) => one[3] !== null);
    const series = [{ label: T("curve.clicks"), stroke: blue, width: 2, points: { show: false }, value: (u, v, _, at) => (v === null ? "–" : told(v, curve.low[at], curve.high[at], percent)) }, silent, silent];
    const columns = [curve.scores, curve.clicks, curve.high, curve.low];
    if (curve.own) {
      columns.push(curve.own);
      series.push({ label: T("curve.own"), stroke: grey, width: 2, dash: [5, 4], points: { show: false }, value: (_, v) => percent(v) });
    }
    marks.forEach((one) => { columns.push(curve.scores.map(() => null)); series.push(mark(...one)); });
    const ends = curve.scores, low = Math.min(ends[0], ...marks.map((one) => one[3])), high = Math.max(ends[ends.length - 1], ...marks.map((one) => one[3]));
    drawPlot("plot-" + id, columns, {
      x: T("axis.score"), y: T("axis.relevant"), yv: shares, ys: { range: () => [0, 1.02] }, xs: { range: () => [low, high] }, series,
      bands: [{ series: [2, 3], fill: faint(blue, 0.15) }], plugins: marks.map((one) => upright(one[3], one[1], one[2])), alt: T("curve.caption"),
    });
  });
}

// ---- the trial ---------------------------------------------------------------------------------------------------------
function showTrial() {
  $("trial-body").hidden = !TRIAL;
  say("trial-words", TRIAL ? shown(TRIAL.line) : T("trial.nothing"));
  $("trial-words").className = TRIAL ? "verdict" : "";
  if (!TRIAL) return;
  say("trial-runs", T("trial.runs", { name: policy(TRIAL.name), share: shares(TRIAL.share), since: minute(TRIAL.since) }));
  const arms = ["active", "canary"];
  table("trial-table", ["arm", "decisions", "planned", "empty", "sessions_", "units", "satisfaction"].map((one) => T("trial." + one)), arms.map((arm) => {
    const sums = TRIAL.arms[arm];
    return [word("arm", arm), many(TRIAL.decisions[arm]), shares(TRIAL.mismatch.planned[arm]), percent(TRIAL.empty[arm]), many(sums.sessions), many(sums.units), three(sums.mean)];
  }));
  const S = TRIAL.sequential, known = Number.isFinite(S.low) && Number.isFinite(S.high);
  say("trial-difference", known ? T("trial.interval", { estimate: signed(S.estimate), low: signed(S.low), high: signed(S.high), p: chance(S.p), confidence: shares(1 - S.level) })
    : T("trial.early"));
  say("trial-ratio", T(TRIAL.mismatch.alarm ? "trial.ratio_bad" : "trial.ratio_fine", { p: chance(TRIAL.mismatch.always_p) }));
  $("trial-picture").hidden = !known;
}
function drawTrial() {
  if (!TRIAL || $("trial-picture").hidden) return;
  const S = TRIAL.sequential, width = $("trial-picture").clientWidth < 500 ? 380 : 760, edge = 24, wide = Math.max(Math.abs(S.low), Math.abs(S.high), 1.6 * TRIAL.minimum) * 1.12;
  const x = (value) => edge + ((value + wide) / (2 * wide)) * (width - 2 * edge), least = x(TRIAL.minimum) - x(0), narrow = least < 40;
  const svg = canvas("trial-picture", width, 116, $("trial-difference").textContent);
  const text = (at, y, words, anchor) => shape("text", { x: at, y, "text-anchor": anchor }, words);
  svg.append(shape("path", { d: `M${edge} 76H${width - edge}`, class: "axis" }), shape("path", { d: `M${x(0)} 22V82`, class: "chance" }));
  if (!narrow) svg.append(text(x(0), 95, "0", "middle"));
  [-1, 1].forEach((side) => svg.append(shape("path", { d: `M${x(side * TRIAL.minimum)} 30V82`, class: "least" }),
    text(x(side * TRIAL.minimum) + (narrow ? side * 3 : 0), 95, (side < 0 ? "−" : "+") + number(TRIAL.minimum), narrow ? (side < 0 ? "end" : "start") : "middle")));
  svg.append(shape("path", { d: `M${x(S.low)} 56H${x(S.high)}M${x(S.low)} 48V64M${x(S.high)} 48V64`, class: "whisker" }), shape("circle", { cx: x(S.estimate), cy: 56, r: 6, class: "mean" }),
    text(x(S.low), 42, signed(S.low), "middle"), text(x(S.estimate), 42, signed(S.estimate), "middle"), text(x(S.high), 42, signed(S.high), "middle"),
    text(edge, 14, T("trial.left"), "start"), text(width - edge, 14, T("trial.right"), "end"), text(width / 2, 112, T("trial.axis"), "middle"));
}

// ---- what was done -----------------------------------------------------------------------------------------------------
// What alarms of all decisions; of segments alone only where nothing else does.
function alarms(found) {
  const all = found.filter((one) => !one.segment), rest = all.length ? found.length - all.length : 0;
  return [...(all.length ? all : found).map(finding), ...(rest ? [T("finding.more", { more: rest })] : [])];
}
function reason(row) {
  if (row.act === "alarm") return alarms(row.findings).join(T("page.semicolon")) || "–";
  const share = row.share === null ? "" : T("ledger.share", { share: shares(row.share) });
  return [share, row.reason, row.configured ? T("ledger.configured") : ""].filter(Boolean).join(T("page.semicolon")) || "–";
}
function showLedger() {
  say("chain", LEDGER.fault ? T("chain.broken", { fault: LEDGER.fault }) : T(LEDGER.entries ? "chain.whole" : "chain.empty", { entries: many(LEDGER.entries) }));
  $("chain").className = LEDGER.fault ? "note" : "";
  say("ledger-words", [LEDGER.looks ? T("ledger.looks", { looks: many(LEDGER.looks) }) : "", LEDGER.again ? T("ledger.again", { again: many(LEDGER.again) }) : "", LEDGER.more ? T("ledger.more", { more: many(LEDGER.more) }) : ""].filter(Boolean).join(T("page.space")));
  if (!LEDGER.rows.length) { table("ledger-table", null, [[T("ledger.nothing")]]); return; }
  table("ledger-table", ["time", "actor", "act", "policy", "reason"].map((one) => T("ledger." + one)), LEDGER.rows.map((row) =>
    [minute(row.at), row.actor, word("act", row.act), policy(row.name), reason(row)]), [0, 1, 2, 3, 4]);
  $("ledger-table").querySelectorAll("tbody tr").forEach((row, at) => { if (LEDGER.rows[at].act === "alarm") row.className = "alarm"; });
}
function showGlossary() {
  const terms = Object.keys(WORDS).filter((key) => key.startsWith("glossary.") && WORDS[key + "_words"]);
  fill($("glossary"), terms.flatMap((key) => [make("dt", T(key)), make("dd", T(key + "_words"))]));
}

function draw() {
  clearPlots();
  [drawDays, drawScores, drawCurves, drawTrial].forEach((one) => one());
}
start(() => {
  clearPlots(); // their places are made anew
  [showNow, showDays, showTotals, showScores, showProposals, showTrial, showLedger, showGlossary].forEach((one) => one());
}, draw);
})();
