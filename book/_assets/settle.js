/* What a page needs besides its style: formulas are set block by block in the order of reading, and a block is shown when its
   formulas stand, so that nothing that can be seen jumps; what is too wide scrolls in a box of its own; a link into something
   folded opens it. */
(() => {
  const root = document.documentElement;
  const LATEST = 4000; // milliseconds; then the page is shown, come what may
  const BATCH = 40; // formulas between two pauses, in which the page can answer
  const BLOCK = "article section > :not(section)";
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  let blocks = [];

  const linked = () => location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const bottom = (element) => element.getBoundingClientRect().bottom + scrollY;

  const show = () => {
    if (!root.classList.contains("dlf-setting")) return;
    root.classList.remove("dlf-setting");
    open();
  };

  const open = () => {
    const found = linked();
    if (!found) return;
    for (let at = found; at; at = at.parentElement) {
      if (at.tagName === "DETAILS") at.open = true;
      if (at.classList.contains("toggle-hidden")) at.querySelector(".toggle-button").click();
    }
    found.scrollIntoView();
  };

  /* A comma or a full stop stays on the line of the formula before it. */
  const tie = (formula) => {
    const next = formula.nextSibling;
    const mark = next && next.nodeType === 3 && next.data.match(/^[.,;:!?)\]’”-]+/);
    if (!mark) return;
    next.splitText(mark[0].length);
    const tied = document.createElement("span");
    tied.className = "dlf-tied";
    formula.replaceWith(tied);
    tied.append(formula, next);
  };

  /* Look at everything first and change it afterwards: each change between two looks would lay the page out anew. */
  const fit = (formulas) => {
    const inline = formulas.filter((f) => !f.hasAttribute("display") && !f.closest("table"));
    const column = (f) => f.closest("p, li, dd, figcaption");
    inline.forEach((f) => { f.classList.remove("dlf-wide"); f.removeAttribute("tabindex"); }); // hundreds of stops for the Tab key help nobody
    inline
      .filter((f) => column(f) && f.getBoundingClientRect().width > column(f).clientWidth)
      .forEach((f) => { f.classList.add("dlf-wide"); f.tabIndex = 0; });

    const excess = (f) => f.scrollWidth / Math.max(f.clientWidth, 1);
    let wide = formulas.filter((f) => f.hasAttribute("display") && f.parentElement.matches("div.math"));
    wide.forEach((f) => {
      f.style.fontSize = f.dataset.size ||= f.style.fontSize || "100%";
      f.parentElement.classList.remove("dlf-wide");
      f.removeAttribute("tabindex");
    });
    wide = wide.filter((f) => excess(f) > 1.005);
    wide.forEach((f) => f.parentElement.classList.add("dlf-wide")); // first more room, then up to a sixth smaller, then it scrolls
    wide.map((f) => [f, excess(f)]).forEach(([f, by]) => {
      if (by > 1.005 && by < 1.19) f.style.fontSize = `calc(${f.dataset.size} * ${(0.97 / by).toFixed(3)})`;
    });
    wide.filter((f) => f.scrollWidth > f.clientWidth).forEach((f) => (f.tabIndex = 0));
  };

  /* What scrolls can be reached by the Tab key, and what does not scroll costs no stop. The box of a picture also has a name. */
  const set = (box, attributes) =>
    Object.entries(attributes).forEach(([key, value]) => (value ? box.setAttribute(key, value) : box.removeAttribute(key)));
  const reach = (boxes) =>
    boxes.map((box) => [box, box.scrollWidth > box.clientWidth + 1]).forEach(([box, scrolls]) => {
      set(box, { tabindex: scrolls && "0" });
      if (!box.matches(".dlf-picture")) return;
      const figure = box.closest("figure"), caption = figure.querySelector(".caption-number") || figure.querySelector("figcaption");
      set(box, { role: scrolls && "region", "aria-label": scrolls && caption.textContent.trim() + ": picture, scrolls sideways" });
    });
  const watch = new ResizeObserver((changes) => reach(changes.map((change) => change.target))); // also when something folded opens
  const fitBoxes = () => {
    const boxes = all("article :is(.pst-scrollable-table-container, pre, .output, .dlf-picture)");
    reach(boxes);
    boxes.forEach((box) => watch.observe(box));
  };

  const setFormulas = async () => {
    await MathJax.startup.promise;
    let batch = [], waiting = [];
    for (const block of blocks) {
      waiting.push(block);
      batch.push(...(block.matches(".math") ? [block] : all(".math", block)));
      if (batch.length < BATCH && block !== blocks.at(-1)) continue;
      if (batch.length) await MathJax.typesetPromise(batch);
      if (document.fonts) await document.fonts.ready; // widths are true when the fonts of formulas have come
      fit(batch.flatMap((math) => all("mjx-container", math)));
      waiting.forEach((each) => each.classList.remove("dlf-later"));
      const goal = linked();
      if (bottom(block) > (goal ? bottom(goal) : 0) + 1.5 * innerHeight) show();
      batch = [], waiting = [];
      await new Promise((next) => setTimeout(next));
    }
    fit(all("article mjx-container[data-size]"));
    const rest = all(".math").filter((math) => !math.querySelector("mjx-container"));
    if (rest.length) await MathJax.typesetPromise(rest);
  };

  root.classList.add("dlf-setting");
  setTimeout(show, LATEST);

  /* Between the end of parsing and the deferred scripts: MathJax must not set the whole page at one go. And what the page's
     makers leave for screen readers to stumble on: boxes without a name, empty heads of columns, entries outside of a list. */
  document.addEventListener("readystatechange", () => {
    if (document.readyState !== "interactive") return;
    all("article span.math").forEach(tie);
    all("input.task-list-item-checkbox").forEach((box) => box.setAttribute("aria-label", box.checked ? "done" : "to do"));
    all("article th").filter((head) => !head.textContent.trim()).forEach((head) => head.replaceWith(document.createElement("td")));
    all(".citation[role]").forEach((entry) => entry.setAttribute("role", "listitem"));
    if (!window.MathJax || !document.querySelector("article .math")) return;
    MathJax.startup = { ...MathJax.startup, typeset: false };
    blocks = all(BLOCK).filter((block) => !block.parentElement.closest(BLOCK));
    blocks.forEach((block) => block.classList.add("dlf-later"));
  });

  document.addEventListener("DOMContentLoaded", async () => {
    let later;
    addEventListener("hashchange", open);
    const refit = () => { clearTimeout(later); later = setTimeout(() => fit(all("article mjx-container")), 150); };
    addEventListener("resize", refit);
    addEventListener("toggle", refit, true); // a formula that was folded could not be measured
    addEventListener("click", (event) => event.target.closest("article .toggle") && refit());
    addEventListener("beforeprint", () => all("details.dlf-claim").forEach((seal) => (seal.open = true)));
    if (document.fonts) await document.fonts.ready;
    fitBoxes();
    if (blocks.length && MathJax.startup.promise) await setFormulas().catch((error) => console.error(error));
    all(".dlf-later").forEach((block) => block.classList.remove("dlf-later"));
    show();
    root.dataset.settled = "yes"; // nothing will move any more
  });
})();
