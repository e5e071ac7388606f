(function (root) {
  // One explorable: range inputs choose a frame; frames are data URIs in a notebook, files in the built page.
  if (!root || root.dataset.ready) return;
  root.dataset.ready = "yes";
  const spec = JSON.parse(root.querySelector("script.dlx-spec").textContent);
  const image = root.querySelector("img"), box = root.querySelector(".dlx-controls");
  const names = Object.keys(spec.grids), at = names.map((n) => spec.start[n]);
  box.addEventListener("keydown", (event) => event.stopPropagation());
  const frame = () => names.reduce((k, n, i) => k * spec.grids[n].length + at[i], 0);
  const show = () => { image.src = spec.frames[frame()]; image.alt = spec.alts[frame()]; };
  names.forEach((name, i) => {
    const row = document.createElement("div"), label = document.createElement("label");
    const input = document.createElement("input"), value = document.createElement("output");
    input.type = "range"; input.id = root.id + "-" + i; label.htmlFor = input.id; value.htmlFor = input.id;
    input.min = 0; input.max = spec.grids[name].length - 1; input.step = 1; input.value = at[i];
    label.textContent = spec.labels[name];
    const update = () => {
      at[i] = Number(input.value);
      value.textContent = spec.grids[name][at[i]];
      input.setAttribute("aria-valuetext", spec.labels[name] + " " + value.textContent);
    };
    input.addEventListener("input", () => { update(); show(); });
    update(); row.append(label, input, value); box.append(row);
  });
  box.hidden = false;
})
