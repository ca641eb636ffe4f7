// The data: an index of columns, and pieces of it that are loaded when they are shown.
"use strict";

const AT_ONCE = 8; // scripts that load at a time
const pieces = new Map(); // "kind-number" to a promise of its rows
const waiting = new Map(); // "kind-number" to what that promise is kept with

/** Called by data/index.js. */
mpgi.index = (index) => {
  mpgi.data = index;
  const { samples, texts } = index;
  const count = Object.values(texts)[0]?.length ?? 0;
  index.count = { samples: samples.key.length, texts: count };
  for (const name of Object.keys(texts)) texts[name] = Uint32Array.from(texts[name]);
  index.scores = new Map(index.scores);
  index.ends = [...samples.first.slice(1), count]; // of each sample's texts
  index.sample = new Uint32Array(count); // of each text
  for (let at = 0; at < samples.first.length; at++) index.sample.fill(at, samples.first[at], index.ends[at]);
  index.lower = null; // all texts in lower case, once a search has loaded them
  mpgi.start();
};

/** Called by a piece. */
mpgi.piece = (kind, number, rows) => waiting.get(`${kind}-${number}`)?.(rows);

/** The rows of a piece; kind is `texts`, `shown` or `made`. */
function load(kind, number) {
  const name = `${kind}-${number}`;
  if (!pieces.has(name)) {
    const loaded = new Promise((done, failed) => {
      const script = mpgi.el("script", { src: `data/${name}.js` });
      waiting.set(name, done);
      script.onload = () => {
        script.remove();
        failed(new Error(`data/${name}.js is damaged: write the report again`)); // nothing, if it has called
      };
      script.onerror = () => failed(new Error(`data/${name}.js cannot be read: write the report again`));
      document.head.append(script);
    });
    loaded.catch(() => pieces.delete(name));
    pieces.set(name, loaded);
  }
  return pieces.get(name);
}

/** What a kind of piece holds of a sample. */
mpgi.of = async (kind, sample) => {
  const size = mpgi.data.sizes[kind];
  return (await load(kind, Math.floor(sample / size)))[sample % size];
};

/** Load every text for a search. `told` hears the share that is there. */
mpgi.loadTexts = async (told) => {
  const { data } = mpgi;
  const total = Math.ceil(data.count.samples / data.sizes.texts);
  const lower = new Array(data.count.texts);
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < total) {
      const number = next++;
      const rows = await load("texts", number);
      rows.forEach((texts, at) => {
        const first = data.samples.first[number * data.sizes.texts + at];
        texts.forEach((text, n) => (lower[first + n] = text.toLowerCase()));
      });
      told(++done / total);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  data.lower = lower;
};
