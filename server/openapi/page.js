"use strict";
const label = document.getElementById("filter");
const input = label.querySelector("input");
const none = document.getElementById("none");
label.hidden = false;
input.addEventListener("input", () => {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const e of document.querySelectorAll("[data-words]")) {
    const told = e.dataset.words.toLowerCase();
    e.hidden = !words.every((word) => told.includes(word));
    if (!e.hidden) found++;
  }
  for (const group of document.querySelectorAll("[data-group]")) {
    group.hidden = !group.querySelector("[data-words]:not([hidden])");
  }
  none.hidden = found > 0;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== input) {
    event.preventDefault();
    input.focus();
  } else if (event.key === "Escape" && document.activeElement === input) {
    input.value = "";
    input.dispatchEvent(new Event("input"));
  }
});
