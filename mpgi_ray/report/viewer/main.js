// The page: from what is asked for to the cards that are shown, and what keys do.
"use strict";

const PAGE = 10; // samples
let found = null; // what matches a state
let matched = ""; // that state, without its page and how it is shown
let turn = 0; // of drawing: an earlier one that is still reading is given up
mpgi.state = null;

/** Begin, once the index is there. */
mpgi.start = () => {
  mpgi.about();
  mpgi.controls();
  mpgi.openRatings();
  addEventListener("hashchange", () => follow());
  addEventListener("popstate", () => follow());
  addEventListener("keydown", keys);
  follow();
};

/** Change what is asked for; any change but that of the page begins with the first one. */
mpgi.ask = (changes, again = false) => {
  mpgi.go({ ...mpgi.state, page: 1, ...changes }, again);
};

/** Go to a state; `again` replaces the one before in the history, as while a word is typed. */
mpgi.go = (next, again = false) => {
  mpgi.writeState(next, again);
  follow();
};

/** Show what the address asks for. */
async function follow() {
  const next = mpgi.readState();
  if (JSON.stringify(next) === JSON.stringify(mpgi.state)) return;
  const turned = mpgi.state && next.page !== mpgi.state.page;
  mpgi.state = next;
  mpgi.reflect();
  const mine = ++turn;
  try {
    if (mpgi.terms(mpgi.state.q).length && !mpgi.data.lower)
      await mpgi.loadTexts(
        (share) =>
          mine === turn && (at("found").textContent = `Reading the texts: ${Math.round(100 * share)} %`),
      );
    if (mine !== turn) return;
    // not compared with the state before: its search may still have been loading
    const wanted = mpgi.asked(next);
    if (wanted !== matched) [found, matched] = [mpgi.match(next), wanted];
    await draw(mine);
    if (turned && mine === turn)
      scrollTo({ top: Math.min(scrollY, at("found").getBoundingClientRect().top + scrollY - 16) });
  } catch (error) {
    if (mine === turn) at("found").textContent = error.message;
  }
}

/** Show the same again, as after an import. */
mpgi.redraw = () => draw(++turn);

async function draw(mine) {
  const pages = Math.max(1, Math.ceil(found.samples.length / PAGE));
  mpgi.state.page = Math.min(mpgi.state.page, pages);
  const shown = found.samples.slice((mpgi.state.page - 1) * PAGE, mpgi.state.page * PAGE);
  const cards = await Promise.all(shown.map((sample) => mpgi.card(sample, found.texts, mpgi.state)));
  if (mine !== turn) return;
  const [one, text] = mpgi.data.words;
  at("found").textContent = found.samples.length
    ? `${mpgi.many(found.samples.length, one)}, ${mpgi.many(found.count, text)}`
    : mpgi.data.count.samples
      ? `No ${one} matches. Clear a filter.`
      : `There are no ${one}s here.`;
  at("cards").replaceChildren(...cards);
  for (const pager of document.querySelectorAll(".pager")) pager.replaceChildren(...pagerOf(pages));
  highlight();
  document.body.dataset.drawn = String(mine);
}

function pagerOf(pages) {
  const { el } = mpgi;
  if (pages < 2) return [];
  const step = (label, page, told) =>
    el(
      "button",
      {
        type: "button",
        "aria-label": told,
        disabled: page < 1 || page > pages,
        click: () => mpgi.ask({ page }),
      },
      label,
    );
  const field = el("input", {
    type: "number",
    min: 1,
    max: pages,
    value: mpgi.state.page,
    "aria-label": "Page",
    change: (event) =>
      mpgi.ask({ page: Math.min(pages, Math.max(1, Number.parseInt(event.target.value, 10) || 1)) }),
  });
  return [
    step("←", mpgi.state.page - 1, "Previous page"),
    field,
    el("span", {}, `of ${mpgi.number(pages)}`),
    step("→", mpgi.state.page + 1, "Next page"),
  ];
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
      for (const term of mpgi.terms(mpgi.state.q))
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
  if (
    event.altKey ||
    event.ctrlKey ||
    event.metaKey ||
    event.target.closest?.("input, select, textarea, pre")
  )
    return;
  const pages = Math.ceil((found?.samples.length ?? 0) / PAGE);
  if (event.key === "ArrowRight" && mpgi.state.page < pages) mpgi.ask({ page: mpgi.state.page + 1 });
  if (event.key === "ArrowLeft" && mpgi.state.page > 1) mpgi.ask({ page: mpgi.state.page - 1 });
  if (event.key === "/") {
    event.preventDefault();
    at("search").focus();
  }
}

addEventListener(
  "error",
  (event) => {
    const source = event.target?.getAttribute?.("src");
    if (source === "data/index.js")
      at("found").textContent = "data/index.js cannot be read: write the report again.";
  },
  true,
);
