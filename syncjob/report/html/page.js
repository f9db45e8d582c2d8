"use strict";
// Keys, a filter, and the numbers at the top as buttons; without this the page reads the same.
(() => {
  const items = [...document.querySelectorAll("article.item")];
  const rows = [...document.querySelectorAll("nav ol > li")];
  const filter = document.getElementById("filter");
  const found = document.getElementById("found");

  // What scrolls sideways can be reached by keyboard; Safari does not see to that itself.
  const reachable = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  document.querySelectorAll(".prose pre, .prose .scroll").forEach((wide) => reachable.observe(wide));

  if (!filter) return;

  for (const hidden of document.querySelectorAll("nav [hidden]")) hidden.hidden = false;

  const shown = () => items.filter((item) => !item.hidden);

  let pressed = null; // the number whose models alone are shown

  const narrow = () => {
    const kind = pressed?.parentElement.className;
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row, place) => {
      const text = row.textContent.toLowerCase();
      const isShown = (!kind || row.classList.contains(kind)) && words.every((word) => text.includes(word));
      row.hidden = items[place].hidden = !isShown;
    });
    found.textContent = words.length || kind ? `${shown().length} of ${items.length}` : "";
  };

  const current = (list) => {
    const focused = document.activeElement.closest("article.item");
    if (focused) return list.indexOf(focused);
    return list.findLastIndex((item) => item.getBoundingClientRect().top <= 8);
  };

  const show = (item) => {
    if (!item) return;
    item.focus({ preventScroll: true });
    item.scrollIntoView({ block: "start" });
  };

  const step = (by) => {
    const list = shown();
    show(list[Math.max(0, Math.min(list.length - 1, current(list) + by))]);
  };

  const press = (button) => {
    pressed?.setAttribute("aria-pressed", "false");
    pressed = button === pressed ? null : button;
    pressed?.setAttribute("aria-pressed", "true");
    narrow();
  };

  for (const link of document.querySelectorAll(".counts a")) {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-pressed", "false");
    button.append(...link.childNodes);
    button.addEventListener("click", () => press(button));
    link.replaceWith(button);
  }

  filter.addEventListener("input", narrow);
  filter.addEventListener("keydown", (event) => {
    if (event.key === "Enter") show(shown()[0]);
    if (event.key !== "Escape") return;
    filter.value = "";
    narrow();
    filter.blur();
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target === filter) return;
    if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "/") {
      event.preventDefault();
      filter.focus();
      filter.select();
    }
  });

  const list = document.querySelector("nav");
  const keepInSight = (link) => {
    const [outer, inner] = [list.getBoundingClientRect(), link.getBoundingClientRect()];
    if (inner.top < outer.top || inner.bottom > outer.bottom) list.scrollTop += inner.top - outer.top - outer.height / 3;
  };

  const seen = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const link = rows[items.indexOf(entry.target)].firstElementChild;
        if (entry.isIntersecting) {
          link.setAttribute("aria-current", "true");
          keepInSight(link);
        } else link.removeAttribute("aria-current");
      }
    },
    { rootMargin: "-10% 0px -85% 0px" },
  );
  items.forEach((item) => seen.observe(item));
  narrow(); // a browser may keep what was typed before a reload
})();
