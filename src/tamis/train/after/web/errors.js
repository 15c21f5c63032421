(() => {
const F = DATA.figures, SYSTEMS = F.systems, AFTER = SYSTEMS[F.subject], BEFORE = SYSTEMS[DATA.against];
// Whoever shows this page inside another says its language in the address.
if (["#en", "#zh"].includes(location.hash)) language = location.hash.slice(1);
const three = (value) => (Number.isFinite(value) ? value.toFixed(3) : "–");
const signed = (value) => (value > 0 ? "+" : "") + three(value);
const span = (low, high, shown) => T("page.between", { low: shown(low), high: shown(high) });
const systemName = (name) => (WORDS["system." + name] ? T("system." + name) : name);
const EQUAL = 1e-9;
const fate = ([before, after]) => (after > before + EQUAL ? "win" : after < before - EQUAL ? "loss" : "tie");

// ---- summary -----------------------------------------------------------------------------------------------------
function showSummary() {
  const name = DATA.title || T("errors.title"), gain = BEFORE.against;
  say("title", name);
  document.title = name;
  say("subtitle", T("errors.subtitle", { queries: F.queries, pairs: F.pairs, model: AFTER.model, against: systemName(DATA.against) }));
  const verdict = gain.low > 0 ? "errors.better" : gain.high < 0 ? "errors.worse" : "errors.same";
  const [shown, low, high] = gain.high < 0 ? [-gain.difference, -gain.high, -gain.low] : [gain.difference, gain.low, gain.high];
  say("verdict", T(verdict, { gain: three(shown), low: three(low), high: three(high) }));
  say("chance", T("errors.chance", { p: number(gain.p, 2) }));
  const main = AFTER["ndcg@10"], of = T("tile.of", { queries: F.queries });
  fill($("tiles"), [tile(T("tile.after"), three(main.mean), span(main.low, main.high, three)),
    tile(T("tile.wins"), number(gain.wins), of), tile(T("tile.losses"), number(gain.losses), of), tile(T("tile.ties"), number(gain.ties), of)]);
  const cell = (one) => `${three(one.mean)} (${three(one.low)}–${three(one.high)})`;
  table("figures-table", [T("figures.system"), "nDCG@10", "MAP", "MRR@10", T("figures.gain"), T("figures.p"), T("figures.wins")],
    Object.entries(SYSTEMS).map(([key, one]) => [systemName(key), cell(one["ndcg@10"]), cell(one.ap), cell(one["rr@10"]),
      ...(one.against ? [`${signed(one.against.difference)} (${span(one.against.low, one.against.high, signed)})`, number(one.against.p, 2),
        `${one.against.wins} / ${one.against.losses} / ${one.against.ties}`] : ["", "", ""])]));
  const notes = ["errors.optimistic", "errors.lists"];
  if (F.left_out) notes.unshift("errors.left_out");
  if (F.repeated) notes.unshift("errors.repeated");
  if (F.fractional) notes.unshift("errors.fractional");
  fill($("notes"), notes.map((key) => make("li", T(key, F))));
}

// ---- drawings ------------------------------------------------------------------------------------------------------
const MOST = 2000; // points that a drawing shows
const gains = DATA.points.map((point, at) => ({ at, point, gain: point[1] - point[0] })).sort((a, b) => a.gain - b.gain || a.at - b.at);
const shown = gains.length <= MOST ? gains : Array.from({ length: MOST }, (_, at) => gains[Math.floor((at * gains.length) / MOST)]);

function drawScatter() {
  const size = 420, left = 44, top = 8, bottom = 44, gain = BEFORE.against;
  const x = (value) => left + value * size, y = (value) => top + (1 - value) * size;
  const svg = canvas("scatter", left + size + 8, top + size + bottom, T("scatter.alt", gain));
  svg.append(shape("rect", { x: left, y: top, width: size, height: size, class: "axis" }));
  [0, 0.25, 0.5, 0.75, 1].forEach((tick) => {
    svg.append(shape("path", { d: `M${x(tick)} ${top}V${top + size}M${left} ${y(tick)}H${left + size}`, class: "axis" }),
      shape("text", { x: x(tick), y: top + size + 16, "text-anchor": "middle" }, number(tick)),
      shape("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, number(tick)));
  });
  svg.append(shape("path", { d: `M${x(0)} ${y(0)}L${x(1)} ${y(1)}`, class: "diagonal" }),
    shape("text", { x: left + size / 2, y: top + size + 36, "text-anchor": "middle" }, T("scatter.x", { name: systemName(DATA.against) })),
    shape("text", { transform: `translate(12 ${top + size / 2}) rotate(-90)`, "text-anchor": "middle" }, T("scatter.x", { name: systemName(F.subject) })));
  shown.forEach(({ at, point }) => {
    // A little off its place, always the same way: many queries share a value.
    const off = (part) => ((at * part) % 7) - 3, known = point[2] >= 0;
    const dot = shape("circle", { cx: x(point[0]) + off(3), cy: y(point[1]) + off(5), r: known ? 5 : 4, class: fate(point) + (known ? " known" : "") });
    dot.append(shape("title", {}, known ? DATA.cases[point[2]].query : `${three(point[0])} → ${three(point[1])}`));
    if (known) dot.addEventListener("click", () => openCase(point[2]));
    svg.append(dot);
  });
  say("scatter-some", shown.length < gains.length ? T("scatter.some", { shown: shown.length, queries: F.queries }) : "");
}

function drawBars() {
  const width = 960, height = 220, left = 44, wide = (width - left) / shown.length, least = gains[0].gain, most = gains[gains.length - 1].gain;
  const svg = canvas("bars", width, height, T("bars.alt", { ...BEFORE.against, least: three(least), most: three(most) }));
  const high = Math.max(most, 0.05), low = Math.min(least, -0.05), y = (value) => 6 + ((high - value) / (high - low)) * (height - 12);
  [high, 0, low].forEach((tick) => svg.append(shape("path", { d: `M${left} ${y(tick)}H${width}`, class: "axis" }),
    shape("text", { x: left - 6, y: Math.min(Math.max(y(tick) + 4, 12), height - 2), "text-anchor": "end" }, tick ? signed(tick).slice(0, 5) : "0")));
  shown.forEach(({ point, gain }, at) => {
    const kind = fate(point);
    if (kind === "tie") return;
    svg.append(shape("rect", { x: left + at * wide, width: Math.max(wide * 0.9, 0.4), y: y(Math.max(gain, 0)), height: Math.abs(y(gain) - y(0)), class: kind }));
  });
}

// ---- tables --------------------------------------------------------------------------------------------------------
function showSlices() {
  const cell = ([mean, low, high], shown) => `${shown(mean)} (${span(low, high, shown)})`;
  if (!DATA.slices.length) { table("slices-table", null, [[T("slices.nothing")]]); return; }
  table("slices-table", ["kind", "part", "queries", "before", "after", "gain"].map((one) => T("slices." + one)),
    DATA.slices.map((one) => [T("slice." + one.kind), T(`slice.${one.kind}.${one.part}`), number(one.queries), cell(one.before, three), cell(one.after, three), cell(one.gain, signed)]), [1]);
}

function rows(head, lines, textColumns) {
  const holder = make("div", undefined, "scroll");
  holder.append(fillTable(make("table"), head, lines, textColumns));
  return holder;
}

function showMistakes() {
  say("mistakes-words", DATA.looked_at ? T("mistakes.words", { looked_at: DATA.looked_at }) : T("mistakes.perfect"));
  fill($("mistakes"), DATA.mistakes.filter((one) => one.queries).map((one) => {
    const made = make("div"), twins = one.kind === "twin";
    made.append(make("h3", `${T("mistake." + one.kind)} (${T("mistakes.count", one)})`), make("p", T(`mistake.${one.kind}_words`), "quiet"));
    const more = make("details");
    more.append(make("summary", T("mistakes.examples")), rows(
      [T("mistakes.query"), T("mistakes.rank"), T("mistakes.document"), ...(twins ? [T("mistakes.other")] : [])],
      one.examples.map((example) => [example.query, number(example.rank), example.text, ...(twins ? [example.other] : [])]), [0, 2, 3]));
    made.append(more);
    return made;
  }));
}

// ---- queries -------------------------------------------------------------------------------------------------------
const opened = new Set();
function caseOf(at, list) {
  const one = DATA.cases[at], made = make("details", undefined, "case"), key = `${list}-${at}`;
  made.id = key;
  made.open = opened.has(key);
  made.addEventListener("toggle", () => { if (made.open) opened.add(key); else opened.delete(key); });
  const top = make("summary");
  top.append(make("span", one.query, "asked"), make("span", T("case.figures", { before: three(one.before), after: three(one.after) }), "quiet"));
  made.append(top);
  if (one.instruction) made.append(make("p", T("case.instruction", one), "quiet"));
  made.append(make("p", one.first === null ? T("case.none", one) : T("case.first", one), "quiet"), documents(one));
  if (one.more) made.append(make("p", T("case.more", one), "quiet"));
  return made;
}
function documents(one) {
  const holder = rows(["rank", "was", "label", "score", "score_before", "document"].map((key) => T("case." + key)),
    one.documents.map((d) => [number(d.rank), number(d.was), number(d.label), score(d.score), score(d.score_before), d.text]), [5]);
  holder.querySelectorAll("tbody tr").forEach((row, at) => {
    const d = one.documents[at];
    if (d.relevant) row.className = "good";
    if (d.unread) row.lastChild.append(make("span", T("case.unread", { tokens: d.unread }), "tag"));
    d.mistakes.forEach((kind) => row.lastChild.append(make("span", T("mistake." + kind), "tag")));
  });
  return holder;
}
function showCases() {
  ["worst", "losses", "wins"].forEach((list) => {
    say(list + "-words", DATA[list].length ? T(list + ".words", { shown: DATA[list].length }) : T("case.nothing"));
    fill($(list), DATA[list].map((at) => caseOf(at, list)));
  });
}
function openCase(at) {
  const list = ["worst", "losses", "wins"].find((one) => DATA[one].includes(at)), made = $(`${list}-${at}`);
  made.open = true;
  made.scrollIntoView({ block: "center" });
}

start(() => [showSummary, showSlices, showMistakes, showCases].forEach((one) => one()), () => { drawScatter(); drawBars(); });
if (DATA.worst.length) $(`worst-${DATA.worst[0]}`).open = true;
})();
