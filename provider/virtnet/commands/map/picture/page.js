// The page of a map: search, details, zoom and colours. All text that comes from hosts is set as text, never as HTML.
"use strict";

(() => {
  const { boxes, words } = JSON.parse(document.getElementById("data").textContent);
  const at = (id) => document.getElementById(id);
  const picture = at("picture").querySelector("svg");
  const entries = [...document.querySelectorAll("nav li")];
  // In the order of the list: in the picture, what is behind comes first.
  const shapes = entries.map((entry) => at(entry.dataset.of));
  const search = at("search"), onlyProblems = at("only-problems"), found = at("found"), panel = at("details");
  let chosen = null, cameFrom = null, scale = 1;

  // A box is found by its title, its kind and what its details say; what is attached to it has boxes of its own.
  const texts = {};
  for (const [id, box] of Object.entries(boxes)) {
    const said = box.troubles.map((trouble) => `${trouble.said} ${trouble.fix} ${trouble.command}`);
    texts[id] = [box.title, box.kind, ...said, ...box.rows.filter(([name]) => name !== words.attached).flat(2)].join("\n").toLowerCase();
  }

  function add(parent, tag, text, className) {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (className) element.className = className;
    parent.append(element);
    return element;
  }

  function choose(id, from) {
    const box = boxes[id];
    unmark();
    chosen = id;
    cameFrom = from ?? cameFrom;
    at(id).classList.add("chosen");
    for (const entry of entries) if (entry.dataset.of === id) entry.firstElementChild.setAttribute("aria-current", "true");
    const content = at("content");
    content.replaceChildren();
    add(content, "h2", box.title).tabIndex = -1;
    add(content, "p", box.kind, "faint-text");
    for (const trouble of box.troubles) {
      const bad = add(content, "div", undefined, "bad");
      add(bad, "strong", words.problem);
      add(bad, "p", trouble.said);
      if (trouble.fix) add(bad, "p", trouble.fix);
      if (trouble.command) add(bad, "code", trouble.command);
    }
    const list = add(content, "dl");
    for (const [name, values] of box.rows) {
      add(list, "dt", name);
      for (const value of values) add(list, "dd", value);
    }
    panel.hidden = false;
    document.body.classList.add("detailed");
    content.firstElementChild.focus({ preventScroll: true });
  }

  // Where it can be read, in the middle.
  function reveal(id) {
    if (scale < 0.8) zoom(1);
    at(id).scrollIntoView({ block: "center", inline: "center" });
  }

  function unmark() {
    if (chosen !== null) at(chosen).classList.remove("chosen");
    for (const entry of entries) entry.firstElementChild.removeAttribute("aria-current");
    chosen = null;
  }

  function close() {
    unmark();
    panel.hidden = true;
    document.body.classList.remove("detailed");
    cameFrom?.focus();
  }

  function filter() {
    const asked = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const isAsked = asked.length > 0 || onlyProblems.checked;
    const matches = new Set(Object.keys(boxes).filter(
      (id) => asked.every((word) => texts[id].includes(word)) && (!onlyProblems.checked || boxes[id].troubles.length > 0),
    ));
    for (const shape of shapes) shape.classList.toggle("unmatched", isAsked && !matches.has(shape.id));
    for (const entry of entries) entry.hidden = isAsked && !matches.has(entry.dataset.of);
    document.body.classList.toggle("searched", isAsked);
    found.textContent = isAsked ? `${matches.size} ${words.found}` : "";
  }

  function zoom(to) {
    scale = Math.min(4, Math.max(0.1, to));
    const [, , width, height] = picture.getAttribute("viewBox").split(" ").map(Number);
    picture.setAttribute("width", width * scale);
    picture.setAttribute("height", height * scale);
  }

  function fit() {
    const [, , width] = picture.getAttribute("viewBox").split(" ").map(Number);
    zoom(Math.min(1, at("picture").clientWidth / width));
  }

  // One box is in the order of the tabulator key; arrows lead from there to the others.
  function rove(shape) {
    for (const other of shapes) other.setAttribute("tabindex", other === shape ? "0" : "-1");
    shape.focus();
    shape.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity };
  shapes.forEach((shape, number) => {
    shape.addEventListener("click", (event) => {
      event.stopPropagation();
      choose(shape.id, shape);
    });
    shape.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        choose(shape.id, shape);
      } else if (event.key in STEPS) {
        event.preventDefault();
        rove(shapes[Math.min(shapes.length - 1, Math.max(0, number + STEPS[event.key]))]);
      }
    });
  });
  for (const entry of entries) {
    const button = entry.firstElementChild;
    button.addEventListener("click", () => {
      choose(entry.dataset.of, button);
      reveal(entry.dataset.of);
    });
  }
  search.addEventListener("input", filter);
  search.addEventListener("keydown", (event) => {
    const left = entries.filter((entry) => !entry.hidden), asked = search.value.trim().toLowerCase();
    const first = left.find((entry) => boxes[entry.dataset.of].title.toLowerCase() === asked) ?? left[0];
    if (event.key === "Enter" && first && search.value.trim()) {
      choose(first.dataset.of, search);
      reveal(first.dataset.of);
    }
  });
  onlyProblems.addEventListener("change", filter);
  at("close").addEventListener("click", close);
  at("closer").addEventListener("click", () => zoom(scale * 1.25));
  at("farther").addEventListener("click", () => zoom(scale / 1.25));
  at("fit").addEventListener("click", fit);
  at("colours").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  at("picture").addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(scale * (event.deltaY < 0 ? 1.1 : 1 / 1.1));
  }, { passive: false });
  at("picture").addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0 || event.target.closest(".box:not(.host)")) return;
    const view = at("picture"), left = view.scrollLeft + event.clientX, top = view.scrollTop + event.clientY;
    const move = (moved) => view.scrollTo(left - moved.clientX, top - moved.clientY);
    addEventListener("pointermove", move);
    addEventListener("pointerup", () => removeEventListener("pointermove", move), { once: true });
  });
  addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement && event.target.type === "search";
    if (event.key === "Escape" && !panel.hidden) close();
    else if (event.key === "/" && !typing) {
      event.preventDefault();
      search.focus();
    } else if (!typing && !event.ctrlKey && !event.metaKey && "+-0".includes(event.key)) {
      if (event.key === "0") fit();
      else zoom(event.key === "+" ? scale * 1.25 : scale / 1.25);
    }
  });
  fit();
})();
