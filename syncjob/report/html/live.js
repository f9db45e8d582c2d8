"use strict";
// Shows a preview as it is: once a file was saved the page comes anew, at the same place. Without this, reload it.
(() => {
  const version = document.currentScript.dataset.version;
  const articles = [...document.querySelectorAll("article.item")];
  const filter = document.getElementById("filter");
  const note = document.createElement("p");
  note.className = "live";
  note.setAttribute("role", "status");
  note.hidden = true;
  document.body.append(note);

  const topmost = () => articles.find((item) => !item.hidden && item.getBoundingClientRect().bottom > 0);

  const opened = () =>
    articles.flatMap((item) =>
      [...item.querySelectorAll("details")].flatMap((details, place) => (details.open ? [[item.id, place]] : [])),
    );

  const keep = () => {
    const item = topmost();
    const pressed = document.querySelector(".counts [aria-pressed=true]")?.parentElement.className;
    const top = item?.getBoundingClientRect().top;
    sessionStorage.setItem("place", JSON.stringify({ filter: filter?.value, pressed, id: item?.id, top, opened: opened() }));
  };

  const comeBack = () => {
    const place = JSON.parse(sessionStorage.getItem("place") ?? "null");
    sessionStorage.removeItem("place");
    if (!place) return;
    if (filter && place.filter) {
      filter.value = place.filter;
      filter.dispatchEvent(new Event("input"));
    }
    if (place.pressed) document.querySelector(`.counts .${place.pressed} button`)?.click();
    for (const [id, number] of place.opened) {
      const details = document.getElementById(id)?.querySelectorAll("details")[number];
      if (details) details.open = true;
    }
    const item = place.id && document.getElementById(place.id);
    if (!item) return;
    item.scrollIntoView({ block: "start", behavior: "instant" });
    const settle = (times) => {
      scrollBy({ top: item.getBoundingClientRect().top - place.top, behavior: "instant" });
      if (times) requestAnimationFrame(() => settle(times - 1)); // what comes into sight is only then laid out
    };
    settle(5);
  };

  let failures = 0;
  const look = async () => {
    try {
      const response = await fetch("version", { cache: "no-store" });
      const now = (await response.text()).trim();
      failures = response.ok ? 0 : failures + 1;
      if (response.ok && now !== version) {
        keep();
        location.reload();
        return;
      }
    } catch {
      failures += 1;
    }
    note.hidden = failures < 3;
    note.textContent = failures < 3 ? "" : "syncjob preview has ended; this is the page as it last was.";
    setTimeout(look, 1000);
  };

  if (history.scrollRestoration) history.scrollRestoration = "manual";
  comeBack();
  setTimeout(look, 1000);
})();
