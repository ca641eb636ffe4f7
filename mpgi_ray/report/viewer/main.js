// The page: controls, the cards of a page, and what keys do.
"use strict";

const PAGE = 10; // samples
const CONTROLS = ["search", "score", "low", "high", "sort"];
const SWITCHES_SHOWN = ["drawings", "claims", "all", "rate", "blind"];
const { at } = mpgi;
let state = null;
let found = null; // what matches the state
let turn = 0; // of drawing: an earlier one that is still reading is given up

/** Begin, once the index is there. */
mpgi.start = () => {
  about();
  controls();
  mpgi.openRatings();
  addEventListener("hashchange", () => follow());
  addEventListener("popstate", () => follow());
  addEventListener("keydown", keys);
  follow();
};

function about() {
  const { data, el } = mpgi;
  const shown = data.count.samples;
  const sources = data.names.source.filter(Boolean).length;
  const from = mpgi.many(data.names.shard.length, "shard") + (sources > 1 ? ` of ${sources} sources` : "");
  const common = data.total - data.alone[0];
  const all = shown === common;
  at("drawn").textContent = `${all ? "All" : `${mpgi.number(shown)} of`} ${mpgi.many(common, "sample")}${data.runs.length > 1 ? " that both runs have" : ""}${all ? "" : ", drawn evenly by hash"}, from ${from}.`;
  const lines = [...data.troubles.slice(0, 5), data.troubles.length > 5 ? `And ${data.troubles.length - 5} more shards that cannot be read.` : ""];
  if (data.runs.length > 1) {
    const [first, other] = data.alone;
    if (first || other) lines.push(`Not shown: ${mpgi.many(first, "sample")} that only the first run has, ${mpgi.many(other, "sample")} that only the other has.`);
  }
  at("troubles").replaceChildren(...lines.filter(Boolean).map((line) => el("p", { class: "notice" }, line)));
}

function controls() {
  const { el, data } = mpgi;
  for (const [facet, { label }] of Object.entries(mpgi.FACETS)) {
    const values = mpgi.values(facet);
    if (values.length < 2) continue; // nothing to choose from
    const options = values.map((one) => el("option", { value: one.value }, `${one.label} (${mpgi.number(one.count)})`));
    const select = el("select", { id: facet, change: (event) => ask({ [facet]: event.target.value }) }, el("option", { value: "" }, "any"), options);
    at("facets").append(el("p", { class: "field" }, el("label", { for: facet }, label), select));
  }
  const scores = [...data.scores.keys()];
  at("scores").hidden = scores.length === 0;
  at("score").append(el("option", { value: "" }, "any"), ...scores.map((name) => el("option", { value: name }, name)));
  const orders = [["", "mixed, by hash"], ["shard", "by shard"], ...scores.flatMap((name) => [[`rising:${name}`, `${name}, lowest first`], [`falling:${name}`, `${name}, highest first`]])];
  at("sort").append(...orders.map(([value, label]) => el("option", { value }, label)));
  let typing = 0;
  at("search").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => ask({ q: at("search").value.trim() }, state.q !== ""), 200);
  });
  for (const name of CONTROLS.slice(1)) at(name).addEventListener("change", () => ask({ [name]: at(name).value }));
  for (const name of SWITCHES_SHOWN) at(name).addEventListener("change", () => ask({ [name]: at(name).checked, page: state.page }));
  at("filters").addEventListener("submit", (event) => event.preventDefault());
  at("export-csv").addEventListener("click", () => mpgi.exportRatings("csv"));
  at("export-json").addEventListener("click", () => mpgi.exportRatings("json"));
  at("import").addEventListener("click", () => at("import-file").click());
  at("import-file").addEventListener("change", async (event) => {
    for (const file of event.target.files) await mpgi.importRatings(file);
    event.target.value = "";
  });
  at("more").open = matchMedia("(min-width: 60rem)").matches;
}

/** Change what is asked for; any change but that of the page begins with the first one. */
function ask(changes, again = false) {
  go({ ...state, page: 1, ...changes }, again);
}

/** Go to a state; `again` replaces the one before in the history, as while a word is typed. */
function go(next, again = false) {
  mpgi.writeState(next, again);
  follow();
}

/** Show what the address asks for. */
async function follow() {
  const next = mpgi.readState();
  if (JSON.stringify(next) === JSON.stringify(state)) return;
  const same = state && JSON.stringify({ ...next, page: 1, ...shownAs(state) }) === JSON.stringify({ ...state, page: 1 });
  const turned = state && next.page !== state.page;
  state = next;
  reflect();
  const mine = ++turn;
  try {
    if (mpgi.terms(state.q).length && !mpgi.data.lower)
      await mpgi.loadTexts((share) => mine === turn && (at("found").textContent = `Reading the texts: ${Math.round(100 * share)} %`));
    if (mine !== turn) return;
    if (!same || !found) found = mpgi.match(state);
    await draw(mine);
    if (turned && mine === turn) scrollTo({ top: Math.min(scrollY, at("found").getBoundingClientRect().top + scrollY - 16) });
  } catch (error) {
    if (mine === turn) at("found").textContent = error.message;
  }
}

function shownAs(one) {
  return Object.fromEntries(SWITCHES_SHOWN.map((name) => [name, one[name]]));
}

/** Show the same again, as after an import. */
mpgi.redraw = () => draw(++turn);

/** The controls as the state has them. */
function reflect() {
  for (const facet of Object.keys(mpgi.FACETS)) {
    const select = at(facet);
    if (!select) continue;
    select.value = state[facet];
    select.closest(".field").hidden = state.blind && facet === "model";
    select.classList.toggle("set", state[facet] !== "");
  }
  for (const name of CONTROLS) {
    const value = state[name === "search" ? "q" : name];
    if (at(name) !== document.activeElement || at(name).value.trim() !== value) at(name).value = value;
  }
  for (const name of SWITCHES_SHOWN) at(name).checked = state[name];
  document.body.classList.toggle("plain", !state.drawings);
  document.body.classList.toggle("unmarked", !state.claims);
  at("legend").hidden = !state.claims;
  at("rated").hidden = !state.rate;
  at("asked").replaceChildren(...chips());
  const runs = mpgi.data.runs.map((run) => run.name).join(" beside ");
  at("name").textContent = state.blind ? "Samples" : runs;
  document.title = state.blind ? "Samples" : `Samples: ${runs}`;
}

/** The filters that are set, each with a way to drop it. */
function chips() {
  const { el, FACETS } = mpgi;
  const chip = (text, changes) => el("button", { type: "button", class: "chip", click: () => ask(changes) }, text, el("span", { "aria-hidden": "true" }, " ×"), el("span", { class: "unseen" }, ": drop this filter"));
  const set = Object.entries(FACETS).filter(([facet]) => state[facet] && !(state.blind && facet === "model"));
  const all = set.map(([facet, { label, words }]) => chip(`${label}: ${words?.[state[facet]] ?? state[facet]}`, { [facet]: "" }));
  if (state.q) all.push(chip(`Search: ${state.q}`, { q: "" }));
  if (state.score && (state.low || state.high)) all.push(chip(`${state.score}: ${state.low || "…"} – ${state.high || "…"}`, { low: "", high: "" }));
  if (mpgi.isFiltered(state)) all.push(el("button", { type: "button", id: "clear", click: () => go(mpgi.cleared(state)) }, "Clear"));
  return all;
}

async function draw(mine) {
  const pages = Math.max(1, Math.ceil(found.samples.length / PAGE));
  state.page = Math.min(state.page, pages);
  const shown = found.samples.slice((state.page - 1) * PAGE, state.page * PAGE);
  const cards = await Promise.all(shown.map((sample) => mpgi.card(sample, found.texts, state)));
  if (mine !== turn) return;
  at("found").textContent = found.samples.length
    ? `${mpgi.many(found.samples.length, "sample")}, ${mpgi.many(found.count, "text")}`
    : "No sample matches. Clear a filter.";
  at("cards").replaceChildren(...cards);
  for (const pager of document.querySelectorAll(".pager")) pager.replaceChildren(...pagerOf(pages));
  highlight();
  document.body.dataset.drawn = String(mine);
}

function pagerOf(pages) {
  const { el } = mpgi;
  if (pages < 2) return [];
  const step = (label, page, told) =>
    el("button", { type: "button", "aria-label": told, disabled: page < 1 || page > pages, click: () => ask({ page }) }, label);
  const field = el("input", { type: "number", min: 1, max: pages, value: state.page, "aria-label": "Page",
    change: (event) => ask({ page: Math.min(pages, Math.max(1, Number.parseInt(event.target.value, 10) || 1)) }) });
  return [step("←", state.page - 1, "Previous page"), field, el("span", {}, `of ${mpgi.number(pages)}`), step("→", state.page + 1, "Next page")];
}

/** Colour what was searched for, where the browser can without changing the page. */
function highlight() {
  if (!globalThis.CSS?.highlights) return;
  const ranges = [];
  for (const text of document.querySelectorAll(".card .text")) {
    const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const lower = node.data.toLowerCase();
      if (lower.length !== node.data.length) continue; // places would not be the same
      for (const term of mpgi.terms(state.q))
        for (let place = lower.indexOf(term); place >= 0; place = lower.indexOf(term, place + term.length)) {
          const range = new Range();
          range.setStart(node, place);
          range.setEnd(node, place + term.length);
          ranges.push(range);
        }
    }
  }
  CSS.highlights.set("searched", new Highlight(...ranges));
}

function keys(event) {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest?.("input, select, textarea, pre")) return;
  const pages = Math.ceil((found?.samples.length ?? 0) / PAGE);
  if (event.key === "ArrowRight" && state.page < pages) ask({ page: state.page + 1 });
  if (event.key === "ArrowLeft" && state.page > 1) ask({ page: state.page - 1 });
  if (event.key === "/") {
    event.preventDefault();
    at("search").focus();
  }
}

addEventListener("error", (event) => {
  const source = event.target?.getAttribute?.("src");
  if (source === "data/index.js") at("found").textContent = "data/index.js cannot be read: write the report again.";
}, true);
