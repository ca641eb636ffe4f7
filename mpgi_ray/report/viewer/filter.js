// Which samples and texts match a state, and in which order they come.
"use strict";

const BITS = { supported: 1, unverifiable: 2, contradicted: 4 };
const UNCHECKED = 8;

/** Whether a sum of verdicts is what a filter asks for. */
const verdictTests = {
  contradicted: (sum) => sum < UNCHECKED && (sum & BITS.contradicted) !== 0,
  supported: (sum) => sum === BITS.supported,
  unverifiable: (sum) => sum < UNCHECKED && (sum & BITS.unverifiable) !== 0,
  silent: (sum) => sum === 0,
  unchecked: (sum) => sum === UNCHECKED,
};

/** The words of a search: all have to occur; "what is quoted" as it stands. */
mpgi.terms = (query) =>
  [...query.toLowerCase().matchAll(/"([^"]+)"|[^\s"]+/g)].map((found) => found[1] ?? found[0]);

/** Samples that match, in order; `texts` says of each text whether it does. */
mpgi.match = (state) => {
  const { data } = mpgi;
  const ofSample = sampleTests(state);
  const ofText = textTests(state);
  const found = [];
  const texts = new Uint8Array(data.count.texts);
  let count = 0;
  for (const sample of ordered(state)) {
    if (!ofSample.every((test) => test(sample))) continue;
    let any = ofText.length === 0 && data.samples.first[sample] === data.ends[sample];
    for (let text = data.samples.first[sample]; text < data.ends[sample]; text++) {
      if (ofText.every((test) => test(text))) {
        texts[text] = 1;
        count++;
        any = true;
      }
    }
    if (any) found.push(sample);
  }
  return { samples: sortedByScore(found, texts, state), texts, count };
};

function sampleTests(state) {
  const { names, samples } = mpgi.data;
  const tests = [];
  for (const [facet, { of }] of Object.entries(mpgi.FACETS)) {
    if (of !== "samples" || !state[facet]) continue;
    const column = samples[facet];
    const wanted = numberOf(facet, state[facet]);
    const isList = facet === "scene" || facet === "object";
    tests.push(isList ? (sample) => column[sample].includes(wanted) : (sample) => column[sample] === wanted);
  }
  return tests;
}

function textTests(state) {
  const { names, texts, scores, lower, samples, sample } = mpgi.data;
  const tests = [];
  for (const [facet, { of, words }] of Object.entries(mpgi.FACETS)) {
    if (of !== "texts" || words || !state[facet] || !texts[facet]) continue;
    const column = texts[facet];
    const wanted = numberOf(facet, state[facet]);
    tests.push((text) => column[text] === wanted);
  }
  if (state.verdict && texts.verdicts) {
    const test = verdictTests[state.verdict] ?? (() => false);
    tests.push((text) => test(texts.verdicts[text]));
  }
  if (state.against && texts.differs) tests.push((text) => texts.differs[text] === (state.against === "differs" ? 1 : 0));
  if (state.score && (state.low !== "" || state.high !== "")) {
    const column = scores.get(state.score) ?? [];
    const low = state.low === "" ? -Infinity : Number(state.low);
    const high = state.high === "" ? Infinity : Number(state.high);
    tests.push((text) => typeof column[text] === "number" && column[text] >= low && column[text] <= high);
  }
  const terms = mpgi.terms(state.q);
  if (terms.length) {
    const keys = samples.key.map((key) => key.toLowerCase());
    tests.push((text) =>
      terms.every((term) => lower[text].includes(term) || keys[sample[text]].includes(term)),
    );
  }
  return tests;
}

/** All samples in the order that is asked for; that of a score comes after the filters. */
function ordered(state) {
  const { data } = mpgi;
  return state.sort === "shard" ? [...data.samples.key.keys()] : data.order;
}

function sortedByScore(found, matching, state) {
  const [name, way] = scoreOrder(state.sort);
  const column = mpgi.data.scores.get(name);
  if (!column) return found;
  const { samples, ends } = mpgi.data;
  const sign = way === "falling" ? -1 : 1;
  const best = (sample) => {
    let value = Infinity;
    for (let text = samples.first[sample]; text < ends[sample]; text++)
      if (matching[text] && typeof column[text] === "number") value = Math.min(value, sign * column[text]);
    return value;
  };
  const values = new Map(found.map((sample) => [sample, best(sample)]));
  return found.sort((one, other) =>
    values.get(one) === values.get(other) ? 0 : values.get(one) - values.get(other),
  );
}

/** `rising:NAME` or `falling:NAME` as the name of a score and its direction. */
function scoreOrder(sort) {
  const [way, ...name] = sort.split(":");
  return [name.join(":"), way];
}

// the empty name, as of samples without a split, needs a word of its own in the address
const NONE = "(none)";
mpgi.named = (name) => (name === "" ? NONE : name);
function numberOf(facet, name) {
  const names = mpgi.data.names[facet];
  return names.indexOf(name === NONE && !names.includes(NONE) ? "" : name);
}

/** The values of a filter with their numbers of samples or texts, the most frequent first. */
mpgi.values = (facet) => {
  const { data } = mpgi;
  const { of, words } = mpgi.FACETS[facet];
  if (words ? data.asks || !data.count.texts : !data.names[facet]) return []; // what this page's texts do not have
  if (facet === "verdict")
    return counted(words, (value) => data.texts.verdicts.filter(verdictTests[value]).length);
  if (facet === "against") {
    if (data.runs.length < 2) return [];
    return counted(
      words,
      (value) => data.texts.differs.filter((one) => one === (value === "differs" ? 1 : 0)).length,
    );
  }
  const counts = new Array(data.names[facet].length).fill(0);
  for (const value of data[of][facet])
    for (const one of Array.isArray(value) ? value : [value]) counts[one]++;
  const all = data.names[facet].map((name, at) => ({
    value: mpgi.named(name),
    label: mpgi.named(name),
    count: counts[at],
  }));
  return all.sort((one, other) => other.count - one.count || (one.value < other.value ? -1 : 1));
};

function counted(words, count) {
  return Object.entries(words).map(([value, label]) => ({ value, label, count: count(value) }));
}
