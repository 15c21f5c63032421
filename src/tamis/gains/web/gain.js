(() => {
const SYSTEMS = Object.keys(DATA.systems), TESTS = DATA.tests, LAST = DATA.last, PAGE = 40, EQUAL = 1e-9;
const three = (value) => (Number.isFinite(value) ? value.toFixed(3) : "–");
const signed = (value) => (value > 0 ? "+" : "") + three(value);
const span = (low, high, shown) => T("page.between", { low: shown(low), high: shown(high) });
const key = (name) => name.replaceAll(" ", "_");
const systemName = (name) => T("system." + name);
const gainName = (name) => T("gains." + key(name));
const find = (name, by) => TESTS.find((one) => one.name === name && one.by === by && !one.kind);
const chance = (p) => (p === null ? "–" : p < 0.0001 ? "< 0.0001" : p.toFixed(4));
const MAIN = "ndcg@10", HIT = "hit@1";

// ---- summary -----------------------------------------------------------------------------------------------------
const TOTAL = find(LAST, MAIN);
function showSummary() {
  const name = DATA.title || T("gain.title");
  say("title", name);
  document.title = name;
  say("subtitle", T("gain.subtitle", { set: DATA.set, queries: DATA.queries, rewritten: DATA.rewritten, recall: DATA.recall,
    rewriter: DATA.rewriter, scorer: DATA.scorer || T("gain.no_scorer"), k: DATA.k }));
  say("power", TOTAL.detectable === null ? T("gain.no_power") : T("gain.power", { queries: DATA.queries, detectable: three(TOTAL.detectable) }));
  const [low, high] = TOTAL.interval, sure = TOTAL.p_holm <= 0.05;
  say("verdict", T(sure ? (TOTAL.difference > 0 ? "gain.better" : "gain.worse") : "gain.same", {
    from: three(DATA.systems.neither[MAIN].mean), to: three(DATA.systems[LAST][MAIN].mean), gain: signed(TOTAL.difference),
    low: signed(low), high: signed(high), p: chance(TOTAL.p_holm), what: gainName(LAST) }));
  const held = DATA.gate.held_out;
  say("gate", T("gate." + DATA.gate.rewriting) + " " + gateReason() + (held ? " " + T("gate.held", {
    queries: held.queries, gain: signed(held.difference), low: signed(held.interval[0]), high: signed(held.interval[1]) }) : ""));
  fill($("tiles"), TESTS.filter((one) => one.by === MAIN && !one.kind && !one.name.includes(" ")).map((one) =>
    tile(gainName(one.name), signed(one.difference), span(one.interval[0], one.interval[1], signed))));
  const notes = [["notes.queries", {}], ["notes.gate", { margin: three(DATA.gate.margin) }]];
  if (!DATA.rewritten) notes.unshift(["notes.nothing_rewritten", {}]);
  if (DATA.candidates) notes.push(["notes.candidates", {}]);
  if (DATA.without_text.length) notes.push(["notes.without_text", { queries: DATA.without_text.length }]);
  fill($("notes"), notes.map(([words, values]) => make("li", T(words, values))));
}
function gateReason() {
  const fit = DATA.gate.fit;
  return T("gate." + DATA.gate.reason, { margin: three(DATA.gate.margin), queries: fit ? fit.queries : 0,
    gain: fit ? signed(fit.difference) : "–", low: fit ? signed(fit.interval[0]) : "–", high: fit ? signed(fit.interval[1]) : "–" });
}

// ---- the 2x2 -------------------------------------------------------------------------------------------------------
function drawPicture() {
  const width = 760, left = 190, right = 120, line = 34, height = SYSTEMS.length * line + 52, random = DATA.random[MAIN].mean;
  const ends = SYSTEMS.flatMap((name) => [DATA.systems[name][MAIN].low, DATA.systems[name][MAIN].high]).concat([random]);
  const pad = Math.max((Math.max(...ends) - Math.min(...ends)) * 0.06, 0.005);
  const least = Math.max(Math.min(...ends) - pad, 0), most = Math.min(Math.max(...ends) + pad, 1);
  const x = (value) => left + ((value - least) / (most - least)) * (width - left - right);
  const svg = canvas("picture", width, height, T("systems.alt", Object.fromEntries(SYSTEMS.map((name) => [name, three(DATA.systems[name][MAIN].mean)]))));
  const bottom = SYSTEMS.length * line + 14;
  [least, (least + most) / 2, most].forEach((tick) => svg.append(shape("path", { d: `M${x(tick)} 8V${bottom}`, class: "axis" }),
    shape("text", { x: x(tick), y: bottom + 16, "text-anchor": "middle" }, three(tick))));
  svg.append(shape("path", { d: `M${x(random)} 8V${bottom}`, class: "chance" }),
    shape("text", { x: x(random), y: bottom + 32, "text-anchor": "middle" }, T("systems.random")));
  SYSTEMS.forEach((name, at) => {
    const one = DATA.systems[name][MAIN], y = 8 + at * line + line / 2;
    svg.append(shape("text", { x: left - 12, y: y + 4, "text-anchor": "end", class: "name" }, systemName(name)),
      shape("path", { d: `M${x(one.low)} ${y}H${x(one.high)}M${x(one.low)} ${y - 6}V${y + 6}M${x(one.high)} ${y - 6}V${y + 6}`, class: "whisker" }),
      shape("circle", { cx: x(one.mean), cy: y, r: 6, class: "mean" }),
      shape("text", { x: width - right + 14, y: y + 4, class: "name" }, three(one.mean)));
  });
}

// ---- tables --------------------------------------------------------------------------------------------------------
const cell = (one) => `${three(one.mean)} (${three(one.low)}–${three(one.high)})`;
function showSystems() {
  const measures = Object.keys(DATA.systems.neither);
  table("systems-table", [T("systems.system"), ...measures.map((one) => T("measure." + one.replace("@", "_")))],
    [["random", DATA.random], ...Object.entries(DATA.systems)].map(([name, one]) => [systemName(name), ...measures.map((measure) => cell(one[measure]))]));
}
function tests(id, rows, head) {
  table(id, head.map((one) => T("gains." + one)), rows.map((one) => [gainName(one.name), signed(one.difference),
    span(one.interval[0], one.interval[1], signed), one.detectable === null ? "–" : three(one.detectable), chance(one.p), chance(one.p_holm), `${one.wins} / ${one.losses} / ${one.ties}`]));
  $(id).querySelectorAll("tbody tr").forEach((row, at) => { if (rows[at].p_holm <= 0.05) row.className = "sure"; });
}
function showGains() {
  say("gains-words", T("gains.words", { tests: DATA.comparisons }));
  const head = ["what", "difference", "interval", "detectable", "p", "holm", "wins"];
  tests("gains-table", TESTS.filter((one) => one.by === MAIN && !one.kind), head);
  tests("hits-table", TESTS.filter((one) => one.by === HIT), head);
}
function showSlices() {
  const own = TESTS.filter((one) => one.kind), names = [...new Set(own.map((one) => one.name))];
  if (!own.length) { table("slices-table", null, [[T("slices.nothing")]]); return; }
  const parts = [...new Set(own.map((one) => one.kind + "." + one.part))];
  const at = (part, name) => own.find((one) => one.name === name && one.kind + "." + one.part === part);
  table("slices-table", [T("slices.kind"), T("slices.part"), T("slices.queries"), ...names.map(gainName)], parts.map((part) => {
    const first = at(part, names[0]);
    return [T("slice." + first.kind), T("slice." + part), number(first.queries), ...names.map((name) => {
      const one = at(part, name);
      return `${signed(one.difference)} (${span(one.interval[0], one.interval[1], signed)})${one.p_holm <= 0.05 ? " *" : ""}`;
    })];
  }), [1]);
}
function showMistakes() {
  table("mistakes-table", [T("mistakes.what"), T("mistakes.queries")], [
    ...Object.entries(DATA.lists).map(([name, count]) => [T("list." + key(name)), number(count)]),
    ...Object.entries(DATA.mistakes).map(([kind, count]) => [T("mistake." + kind), number(count)])]);
}

// ---- queries -------------------------------------------------------------------------------------------------------
const opened = new Set();
let shown = PAGE;
const chosen = { before: "neither", after: LAST, fate: "all", list: "all", slice: "all", text: "", changed: false };
const fate = (one) => {
  const gain = one.values[chosen.after] - one.values[chosen.before];
  return gain > EQUAL ? "win" : gain < -EQUAL ? "loss" : "tie";
};
const words = (one) => [one.id, one.query, one.rewritten, ...one.history].join("\n").toLowerCase();
const kept = (one) => (chosen.fate === "all" || fate(one) === chosen.fate) && (chosen.list === "all" || one.lists.includes(chosen.list))
  && (chosen.slice === "all" || one.slices[chosen.slice.split(".")[0]] === chosen.slice.split(".")[1])
  && (!chosen.changed || one.rewritten) && words(one).includes(chosen.text);

function select(id, values) {
  fill($(id), values.map(([value, text]) => {
    const made = make("option", text);
    made.value = value;
    made.selected = chosen[id] === value;
    return made;
  }));
}
function showFilters() {
  ["before", "after"].forEach((id) => select(id, SYSTEMS.map((name) => [name, systemName(name)])));
  select("fate", ["all", "win", "loss", "tie"].map((one) => [one, T("fate." + one)]));
  select("list", [["all", T("filter.all")], ...Object.keys(DATA.lists).map((one) => [one, T("list." + key(one))])]);
  select("slice", [["all", T("filter.all")], ...Object.entries(DATA.kinds).flatMap(([kind, parts]) =>
    parts.map((part) => [`${kind}.${part}`, `${T("slice." + kind)}: ${T(`slice.${kind}.${part}`)}`]))]);
}
function showQueries() {
  const found = DATA.cases.filter(kept), gain = (one) => one.values[chosen.after] - one.values[chosen.before];
  found.sort((one, other) => Math.abs(gain(other)) - Math.abs(gain(one)));
  say("queries-words", T("queries.words", { shown: DATA.cases.length, queries: DATA.all }));
  say("count", T("queries.count", { found: found.length, shown: Math.min(shown, found.length) }));
  fill($("queries"), found.slice(0, shown).map(caseOf));
  $("more").hidden = found.length <= shown;
}
function caseOf(one) {
  const made = make("details", undefined, "case"), top = make("summary");
  const render = () => { if (made.childElementCount === 1) made.append(...inside(one)); };
  top.append(make("span", one.rewritten ? `${one.query} → ${one.rewritten}` : one.query, "asked"),
    make("span", T("case.figures", { before: three(one.values[chosen.before]), after: three(one.values[chosen.after]) }), "quiet"));
  one.lists.forEach((name) => top.append(make("span", T("list." + key(name)), "tag")));
  made.append(top);
  made.open = opened.has(one.id);
  if (made.open) render();
  made.addEventListener("toggle", () => { if (made.open) { opened.add(one.id); render(); } else opened.delete(one.id); });
  return made;
}
function inside(one) {
  const made = [];
  if (one.history.length) {
    const turns = make("ol", undefined, "turns");
    one.history.forEach((turn) => turns.append(make("li", turn)));
    made.push(make("p", T("case.history"), "quiet"), turns);
  }
  one.changes.forEach((change) => made.push(make("p", T("case.change", { before: change.before || "∅", after: change.after || "∅", why: change.why }), "quiet")));
  if (one.more.length) made.push(make("p", T("case.more", { texts: one.more.join(" · ") }), "quiet"));
  made.push(make("p", T("case.systems", { values: SYSTEMS.map((name) => `${systemName(name)} ${three(one.values[name])}`).join(" · ") }), "quiet"));
  const sides = make("div", undefined, "sides");
  sides.append(side(one, chosen.before, chosen.after, "case.before"), side(one, chosen.after, chosen.before, "case.after"));
  made.push(sides);
  if (one.nowhere) made.push(make("p", T("case.nowhere", { documents: one.nowhere }), "quiet"));
  return made;
}
function side(one, system, other, heading) {
  const made = make("div", undefined, "side"), list = make("ol"), ranks = one.ranks[system], relevant = new Set(one.relevant);
  const top = one.orders[system], low = one.relevant.filter((doc) => !top.includes(doc) && ranks[doc]).sort((a, b) => ranks[a] - ranks[b]);
  made.append(make("h3", T(heading, { system: systemName(system) })), list);
  [...top, ...low].forEach((doc) => {
    const item = make("li", undefined, relevant.has(doc) ? "good" : ""), before = one.ranks[other][doc];
    item.append(make("span", String(ranks[doc]), "rank"), make("span", move(ranks[doc], before, heading), "move"));
    if (relevant.has(doc)) item.append(make("span", T("case.relevant"), "mark"));
    if (one.suspects.includes(doc)) item.append(make("span", T("case.suspect"), "tag"));
    item.append(document.createTextNode(" " + (DATA.documents[doc].text || DATA.documents[doc].id)));
    list.append(item);
  });
  return made;
}
// Arrows say where a document goes to (left) or came from (right); ranks beyond those listed are unknown.
function move(rank, other, heading) {
  if (rank === other) return "=";
  const arrow = heading === "case.before" ? "→ " : "← ";
  return arrow + (other === undefined ? T("case.outside") : other);
}

function listen() {
  ["before", "after", "fate", "list", "slice"].forEach((id) => $(id).addEventListener("change", () => { chosen[id] = $(id).value; shown = PAGE; showQueries(); }));
  $("text").addEventListener("input", () => { chosen.text = $("text").value.trim().toLowerCase(); shown = PAGE; showQueries(); });
  $("changed").addEventListener("change", () => { chosen.changed = $("changed").checked; shown = PAGE; showQueries(); });
  $("more").addEventListener("click", () => { shown += PAGE; showQueries(); });
}

listen();
start(() => [showSummary, showSystems, showGains, showSlices, showMistakes, showFilters, showQueries].forEach((one) => one()), drawPicture);
})();
