"use strict";
// Galleries: of all tiles only those near the screen hold a picture, so that a browser decodes no others.
const NEAR_PX = 600, PRINTED = 12;
const SVG = document.querySelector("svg").namespaceURI;

function make(parent, name, attributes, text) {
  const element = parent.namespaceURI === SVG || name === "svg"
    ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

class Gallery {
  constructor(root) {
    this.root = root;
    this.list = root.querySelector(".tiles");
    this.data = JSON.parse(root.querySelector("script").textContent);
    const stills = [...this.list.querySelectorAll("img")].map(image => image.src);
    this.data.first.forEach((tile, n) => { this.data.tiles[tile].uri = stills[n]; });
    this.near = new IntersectionObserver(entries => entries.forEach(e => this.turn(e.target, e.isIntersecting)),
      { rootMargin: `${NEAR_PX}px` });
    for (const select of root.querySelectorAll("select")) select.addEventListener("change", () => this.fill());
    matchMedia("print").addEventListener("change", event => event.matches && this.printable());
    addEventListener("beforeprint", () => this.printable());
    root.querySelector(".filters").hidden = false;
    this.fill();
  }

  chosen(name) { return this.root.querySelector(`[data-by=${name}]`).value; }

  fill() {
    this.near.disconnect();
    const model = Number(this.chosen("model"));
    const tiles = this.ordered(model).filter(tile => this.fits(tile, tile.by[model]));
    this.list.replaceChildren(...tiles.map(tile => this.item(tile, tile.by[model])));
    for (const item of this.list.children) this.near.observe(item);
    this.root.querySelector("output").textContent = `${tiles.length} of ${this.data.tiles.length}`;
  }

  ordered(model) {
    const middle = (this.data.tiles.length - 1) / 2, place = tile => tile.by[model].place;
    const by = key => [...this.data.tiles].sort((a, b) => key(a) - key(b) || place(a) - place(b));
    const ways = { best: by(place), typical: by(tile => Math.abs(place(tile) - middle)), worst: by(tile => -place(tile)) };
    const turns = ways.best.flatMap((tile, n) => [tile, ways.typical[n], ways.worst[n]]);
    return ways[this.chosen("order")] ?? [...new Set(turns)];
  }

  // A tile stays if one of its boxes or objects fits both filters.
  fits(tile, reading) {
    const category = Number(this.chosen("category")), kind = this.chosen("kind"), kinds = this.data.kinds;
    const events = reading.found.flatMap(f => [[f[4], kinds[f[5]]], [f[7], kinds[f[5]]]]);
    events.push(...reading.missed.map(n => [tile.truth[n][4], "missed"]), ...tile.truth.map(t => [t[4], ""]));
    const wanted = found => kind === "" || (kind === "wrong" ? !["right", ""].includes(found) : found === kind);
    if (category < 0 && kind === "") return true;
    return events.some(([of, found]) => (category < 0 || of === category) && wanted(found));
  }

  item(tile, reading) {
    const item = document.createElement("li"), figure = make(item, "figure");
    const frame = make(figure, "div", { class: "frame" }), caption = make(figure, "figcaption");
    frame.style.aspectRatio = `${tile.size[0]} / ${tile.size[1]}`;
    item.show = () => this.show(frame, tile, reading);
    if (this.data.boxes) caption.textContent = `${tile.name}: ${reading.caption}`;
    else this.names(caption, tile, reading);
    return item;
  }

  names(caption, tile, reading) {
    const [, , , , category, kind, score] = reading.found[0], wrong = kind ? " wrong" : "";
    make(caption, "span", { class: "true" }, `true ${this.data.categories[tile.truth[0][4]]}`);
    caption.append(" ");
    make(caption, "span", { class: `predicted${wrong}` }, `predicted ${this.data.categories[category]} ${score.toFixed(2)}`);
  }

  turn(item, near) {
    if (near && !item.querySelector("img")) item.show();
    if (!near) item.querySelector(".frame").replaceChildren();
  }

  printable() {
    [...this.list.children].slice(0, PRINTED).forEach(item => this.turn(item, true));
  }

  show(frame, tile, reading) {
    make(frame, "img", { src: tile.uri, alt: `${tile.alt} ${reading.caption}`.trim(), decoding: "async" });
    if (!this.data.boxes) return;
    const [width, height] = tile.size, a = width / 80; // a predicted box lies around a true one, so that both are seen
    const svg = make(frame, "svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    svg.style.setProperty("--px", `${width / 320}px`);
    tile.truth.forEach(([x, y, w, h, category], n) =>
      this.box(svg, reading.missed.includes(n) ? "true missed" : "true", [x, y, w, h],
        { y: y + h, dy: "1em" }, this.data.categories[category]));
    const worstLast = [...reading.found].sort((one, other) => Boolean(one[5]) - Boolean(other[5]));
    for (const [x, y, w, h, category, kind, score] of worstLast)
      this.box(svg, kind ? "predicted wrong" : "predicted", [x - a, y - a, w + 2 * a, h + 2 * a], { y, dy: "-.6em" },
        `${this.data.categories[category]} ${score.toFixed(2)}${kind ? `: ${this.data.words[kind]}` : ""}`);
  }

  box(svg, kind, [x, y, width, height], place, name) {
    const group = make(svg, "g", { class: kind }), right = x + width / 2 > svg.viewBox.baseVal.width / 2;
    for (const part of ["edge", "line"]) make(group, "rect", { class: part, x, y, width, height });
    make(group, "text", { x: right ? x + width : x, "text-anchor": right ? "end" : "start", ...place }, name);
  }
}

for (const root of document.querySelectorAll("[data-gallery]")) new Gallery(root);
