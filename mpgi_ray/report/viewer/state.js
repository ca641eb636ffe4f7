// What is asked for: filters, order and page. It lives in the part of the address behind the `#`.
"use strict";

const VERDICTS = {
  contradicted: "some claim contradicted",
  supported: "all claims supported",
  unverifiable: "some claim cannot be told",
  silent: "no claim",
  unchecked: "not checked",
};
const AGAINST = { differs: "the runs differ", same: "the runs agree" };

/** Filters: their label, whether they are of samples or of texts, and words of their own for values. */
mpgi.FACETS = {
  source: { label: "Source", of: "samples" },
  split: { label: "Split", of: "samples" },
  shard: { label: "Shard", of: "samples" },
  scene: { label: "Scene class", of: "samples" },
  object: { label: "Object class", of: "samples" },
  kind: { label: "Kind", of: "texts" },
  answer: { label: "Answer", of: "texts" },
  reply: { label: "Reply", of: "texts" },
  perspective: { label: "Perspective", of: "texts" },
  model: { label: "Model", of: "texts" },
  status: { label: "Status", of: "texts" },
  reason: { label: "Reason", of: "texts" },
  verdict: { label: "Verdict", of: "texts", words: VERDICTS },
  fate: { label: "Curation", of: "texts" },
  against: { label: "Other run", of: "texts", words: AGAINST },
};
const ASKED = [...Object.keys(mpgi.FACETS), "q", "score", "low", "high", "sort", "page"];
const SWITCHES = { drawings: true, claims: true, all: false, rate: false, blind: false };

/** What the address asks for. */
mpgi.readState = () => {
  const told = new URLSearchParams(location.hash.slice(1));
  const state = {};
  for (const name of ASKED) state[name] = told.get(name) ?? "";
  for (const [name, usual] of Object.entries(SWITCHES))
    state[name] = told.has(name) ? told.get(name) === "1" : usual;
  if (mpgi.data.asks) state.rate = state.blind = false; // which are of texts alone
  state.page = Math.max(1, Number.parseInt(state.page, 10) || 1);
  return state;
};

/** What decides which samples match, and their order. */
mpgi.asked = (state) => JSON.stringify(ASKED.filter((name) => name !== "page").map((name) => state[name]));

/** Write a state into the address; only what is not usual. */
mpgi.writeState = (state, again) => {
  const told = new URLSearchParams();
  for (const name of ASKED)
    if (state[name] && !(name === "page" && state.page === 1)) told.set(name, state[name]);
  for (const [name, usual] of Object.entries(SWITCHES))
    if (state[name] !== usual) told.set(name, state[name] ? "1" : "0");
  const hash = told.toString();
  if (hash !== location.hash.slice(1)) history[again ? "replaceState" : "pushState"](null, "", `#${hash}`);
};

/** The state without any filter; how things are shown stays. */
mpgi.cleared = (state) => {
  const free = { ...state, page: 1 };
  for (const name of ASKED) if (name !== "page" && name !== "sort") free[name] = "";
  return free;
};

/** Whether any filter is set. */
mpgi.isFiltered = (state) => ASKED.some((name) => !["page", "sort"].includes(name) && state[name] !== "");
