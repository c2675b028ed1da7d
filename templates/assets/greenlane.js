// What only a script can do, and nothing a page needs: every form works without it.
"use strict";
// A second click on a button that is already sending does nothing; the command's id would make it harmless anyway.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sending) { event.preventDefault(); return; }
  if (form.method === "post") form.dataset.sending = "1";
});
// Shown again by the back button, a form may be sent again.
addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sending; });
// On a phone the navigation scrolls sideways; where one is must be in sight.
for (const here of document.querySelectorAll(".nav [aria-current]")) here.closest(".nav").scrollLeft = here.offsetLeft - 60;
// A picture larger than its frame shows where the case is; an image tells nothing of what is in it, so its text is read once more, without its own style,
// which a page may not bring along.
for (const image of document.querySelectorAll(".picture img")) {
  const show = async () => {
    const frame = image.parentElement;
    if (frame.scrollHeight <= frame.clientHeight && frame.scrollWidth <= frame.clientWidth) return;
    const text = await (await fetch(image.currentSrc)).text();
    const drawn = new DOMParser().parseFromString(text.replace(/<style>[^]*?<\/style>/, ""), "image/svg+xml");
    const here = drawn.querySelector(".late text, .here text, .waiting text");
    if (!here) return;
    frame.scrollTo(here.getAttribute("x") - frame.clientWidth / 2, here.getAttribute("y") - frame.clientHeight / 2);
  };
  if (image.complete) show().catch(() => {}); else image.addEventListener("load", () => { show().catch(() => {}); });
}
// The list of mistakes is where somebody starts reading.
document.querySelector(".error-summary")?.focus();
// A form that saves itself while somebody types, and says so. A click on a button waits for a save that is under way, so that the two never look like two windows.
for (const form of document.querySelectorAll("form[data-autosave]")) {
  const said = form.querySelector("[data-said]");
  let timer, saving;
  const save = async () => {
    try {
      const answer = await fetch(form.action, { method: "POST", headers: { accept: "application/json" }, body: new URLSearchParams(new FormData(form)), redirect: "error" });
      const saved = await answer.json();
      if (saved.stop) { said.textContent = ""; return; }
      form.elements.seen.value = saved.seen;
      said.textContent = saved.contested ? form.dataset.contested : `${form.dataset.saved} ${saved.at}`;
    } catch { said.textContent = form.dataset.failed; }
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => { saving = (saving ?? Promise.resolve()).then(save); const own = saving; own.then(() => { if (saving === own) saving = undefined; }); }, 1200);
  });
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (!saving) return;
    event.preventDefault();
    event.stopPropagation();
    const button = event.submitter;
    saving.then(() => form.requestSubmit(button));
  });
}
// A paper on its way, with its progress.
for (const form of document.querySelectorAll("form[data-upload]")) {
  form.addEventListener("submit", (event) => {
    const file = form.elements.file.files[0], said = form.querySelector("[data-said]"), bar = form.querySelector("progress");
    if (!file) return;
    event.preventDefault();
    event.stopPropagation();
    if (file.size > Number(form.dataset.bytes)) { said.textContent = form.dataset.large; return; }
    if (!bar.hidden) return;
    const request = new XMLHttpRequest();
    request.upload.onprogress = (step) => { bar.value = step.total ? (100 * step.loaded) / step.total : 0; };
    request.onload = () => {
      bar.hidden = true;
      const page = new DOMParser().parseFromString(request.responseText, "text/html").querySelector("main");
      if (request.status < 400 || !page) { location.reload(); return; }
      said.textContent = page.querySelector(".field-error")?.textContent ?? page.querySelector(".lede")?.textContent ?? form.dataset.broken;
    };
    request.onerror = () => { bar.hidden = true; said.textContent = form.dataset.broken; };
    bar.hidden = false;
    bar.value = 0;
    request.open("POST", form.action);
    request.send(new FormData(form));
  });
}
// Lists of work: j and k mark a row, Enter opens it, / goes to the search, ? says so. Never while somebody types.
const rows = () => [...document.querySelectorAll("table[data-keys] tbody tr")];
const mark = (row) => {
  for (const other of rows()) other.removeAttribute("aria-selected");
  row.setAttribute("aria-selected", "true");
  row.querySelector("a")?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
};
document.addEventListener("keydown", (event) => {
  if (!document.querySelector("table[data-keys], #keys") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, dialog")) return;
  const all = rows(), at = all.findIndex((row) => row.ariaSelected === "true" || row.getAttribute("aria-selected") === "true");
  if (event.key === "j" && all.length) mark(all[Math.min(at + 1, all.length - 1)]);
  else if (event.key === "k" && all.length) mark(all[Math.max(at - 1, 0)]);
  else if (event.key === "/") { event.preventDefault(); document.querySelector("#q")?.focus(); }
  else if (event.key === "?") document.querySelector("#keys")?.showModal();
});
