"use strict";
const shown = new Set();
const search = document.querySelector("#search");
const buttons = [...document.querySelectorAll("[data-filter]")];
const items = [...document.querySelectorAll("[data-verdict]")];

function apply() {
  const words = search.value.trim().toLowerCase();
  for (const item of items) {
    const wanted = shown.size === 0 || shown.has(item.dataset.verdict);
    item.hidden = !(wanted && (words === "" || item.dataset.words.includes(words)));
  }
  for (const list of document.querySelectorAll("[data-list]")) {
    const left = list.querySelectorAll("[data-verdict]:not([hidden])").length;
    list.querySelector(".none").hidden = left > 0;
  }
}

for (const button of buttons) {
  button.addEventListener("click", () => {
    const verdict = button.dataset.filter;
    if (!shown.delete(verdict)) shown.add(verdict);
    button.setAttribute("aria-pressed", String(shown.has(verdict)));
    apply();
  });
}
search.addEventListener("input", apply);

function follow() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.hidden) { shown.clear(); search.value = ""; for (const b of buttons) b.setAttribute("aria-pressed", "false"); apply(); }
  if (target.tagName === "DETAILS") target.open = true;
  target.scrollIntoView();
  target.querySelector("summary")?.focus();
}
addEventListener("hashchange", follow);
follow();
