"use strict";
(() => {
  const form = document.getElementById("filter");
  const text = document.getElementById("filter-text");
  const state = document.getElementById("filter-state");
  const output = document.getElementById("filter-count");
  const none = document.getElementById("filter-none");
  const rows = document.querySelectorAll(".overview tr[data-vault]");
  const sections = [...document.querySelectorAll("details.vault")];
  // Text is taken once: textContent of a big page is too slow to read at every key stroke.
  const words = sections.map((section) => section.textContent.toLowerCase());

  const apply = () => {
    const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    sections.forEach((section, index) => {
      const matches =
        (!state.value || section.dataset.state === state.value) &&
        wanted.every((word) => words[index].includes(word));
      section.hidden = !matches;
      rows[index].hidden = !matches;
      shown += matches ? 1 : 0;
    });
    output.textContent = `${shown} of ${sections.length} vaults`;
    none.hidden = shown > 0 || sections.length === 0;
  };

  const setAll = (open) => sections.forEach((section) => { section.open = open; });

  const reveal = () => {
    const section = document.getElementById(location.hash.slice(1));
    if (section && section.matches("details.vault")) {
      section.open = true;
      section.scrollIntoView();
    }
  };

  // What is closed does not print: every vault that is shown is opened first, and put back after.
  // Evidence prints as its reader left it; all of it would bury the findings.
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details.vault:not([open])")];
    closed.forEach((element) => { element.open = true; });
  });
  window.addEventListener("afterprint", () => closed.forEach((element) => { element.open = false; }));

  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("open-all").addEventListener("click", () => setAll(true));
  document.getElementById("close-all").addEventListener("click", () => setAll(false));
  window.addEventListener("hashchange", reveal);
  form.hidden = false;
  apply();
  reveal();
})();
