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
