// Elements. All that comes from data enters the page as text or as an attribute here, never as markup.
"use strict";

const mpgi = {};
const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; strings among the children become text. */
mpgi.el = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

/** The same for SVG. */
mpgi.svg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

mpgi.at = (id) => document.getElementById(id);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** Numbers as people read them: 1,234 or 0.1235. */
mpgi.number = (value) =>
  Number.isInteger(value) ? value.toLocaleString("en") : String(Number(value.toPrecision(4)));

mpgi.many = (count, what) => `${mpgi.number(count)} ${what}${count === 1 ? "" : "s"}`;

/** A number from a text that is the same on every machine and every day: FNV-1a. */
mpgi.hash = (text) => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash;
};
