// A slider for the number of topics: it moves the histogram of cosines and the nearest tags.
// All texts are set as text, so that nothing in a tag becomes markup.
for (const root of document.querySelectorAll(".topics-slider:not([data-ready])")) {
  root.dataset.ready = "yes";
  const data = JSON.parse(root.querySelector("script[type='application/json']").textContent);
  const [range, select] = [root.querySelector("input"), root.querySelector("select")];
  const bars = [...root.querySelectorAll("svg rect")];
  const show = () => {
    const step = data.steps[range.value];
    root.querySelector("output").textContent = `${step.topics} topics`;
    range.setAttribute("aria-valuetext", `${step.topics} topics`);
    root.querySelector("b.related").textContent = step.related;
    root.querySelector("b.unrelated").textContent = step.unrelated;
    bars.forEach((bar, place) => {
      const height = 100 * Math.sqrt(step.pairs[place] / data.most);
      bar.setAttribute("y", 100 - height);
      bar.setAttribute("height", height);
    });
    root.querySelector("ol").replaceChildren(...step.nearest[select.value].map(([tag, cosine]) => {
      const item = document.createElement("li");
      item.textContent = `${tag} `;
      const number = document.createElement("span");
      number.textContent = cosine.toFixed(2);
      item.append(number);
      return item;
    }));
  };
  range.addEventListener("input", show);
  select.addEventListener("change", show);
  show();
}
