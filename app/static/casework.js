/* Casework: Enter goes to the next field, rows can be added, sections save themselves, sheets print. */
(function () {
  "use strict";
  var doc = document;
  function all(selector, root) { return Array.prototype.slice.call((root || doc).querySelectorAll(selector)); }
  function composing(e) { return e.isComposing || e.keyCode === 229; }

  all("form[data-entry]").forEach(function (form) {
    form.addEventListener("keydown", function (e) {
      if (e.key !== "Enter" || composing(e) || e.defaultPrevented || e.target.tagName === "TEXTAREA" || e.target.tagName === "BUTTON" || e.ctrlKey) { return; }
      e.preventDefault();
      var fields = all("input:not([type=hidden]), select, textarea, button[type=submit]", form).filter(function (el) { return el.offsetParent !== null && !el.disabled; });
      var next = fields[fields.indexOf(e.target) + (e.shiftKey ? -1 : 1)];
      if (next) { next.focus(); if (next.select) { next.select(); } }
    });
  });

  /* "再加一列": the last, blank row is copied with the next number */
  doc.addEventListener("click", function (e) {
    var button = e.target.closest("[data-add-row]");
    if (e.target.closest("[data-print]")) { window.print(); return; }
    if (!button) { return; }
    var body = button.closest("[data-rows]").querySelector("tbody"), last = body.lastElementChild, copy = last.cloneNode(true);
    all("input, select", copy).forEach(function (field) {
      var name = field.name.replace(/^(m\d+-[cia]|[de])(\d+)-/, function (_m, head, number) { return head + (Number(number) + 1) + "-"; });
      field.name = name; field.id = name; field.removeAttribute("aria-expanded"); delete field.dataset.dressed;
      if (field.tagName === "INPUT") { field.value = /-share_(num|den)$/.test(name) ? "1" : ""; }
    });
    all(".roc-picker, .field-message, .roc-button", copy).forEach(function (el) { el.remove(); });
    last.removeAttribute("data-blank"); body.appendChild(copy);
    var first = copy.querySelector("input:not([type=hidden]), select"); if (first) { first.focus(); }
  });

  /* parts of a form that only one kind of change needs */
  var kind = doc.querySelector("form[data-entry] select[name=kind]");
  if (kind && doc.querySelector("[data-for]")) {
    var choose = function () { all("[data-for]").forEach(function (part) { part.hidden = part.dataset.for.split(" ").indexOf(kind.value) < 0; }); };
    kind.addEventListener("change", choose); choose();
  }

  /* a problem on the summary leads to its field */
  var wanted = location.hash.length > 1 && doc.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (wanted && /^(INPUT|SELECT|TEXTAREA)$/.test(wanted.tagName)) { var closed = wanted.closest("details"); if (closed) { closed.open = true; } wanted.focus(); }

  /* a page that waits for a job looks every two seconds whether it is done, for five minutes */
  if (doc.querySelector("[data-waits]")) {
    var looks = 0, look = setInterval(function () {
      if (++looks > 150) { clearInterval(look); return; }
      fetch(location.href, { credentials: "same-origin", redirect: "error" })
        .then(function (answer) { return answer.ok ? answer.text() : "data-waits"; })
        .then(function (html) { if (html.indexOf("data-waits") < 0) { clearInterval(look); location.reload(); } })
        .catch(function () { clearInterval(look); });
    }, 2000);
  }

  /* drafts save themselves two seconds after the last keystroke */
  all("form[data-autosave]").forEach(function (form) {
    var timer = 0, busy = false, again = false, note = form.querySelector("[data-saved]"), version = form.elements._seen_version, leaving = false;
    function say(text, bad) { note.textContent = text; note.classList.toggle("saved-bad", Boolean(bad)); }
    function save() {
      if (leaving) { return; }
      if (busy) { again = true; return; }
      busy = true; again = false; say("儲存中…");
      fetch(form.dataset.autosave, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { "X-Autosave": "1", Accept: "application/json" }, credentials: "same-origin", redirect: "error" })
        .then(function (answer) { return answer.json().then(function (body) { return { ok: answer.ok, body: body }; }); })
        .then(function (got) {
          busy = false;
          if (!got.ok) { say(got.body.message || "沒有自動儲存，請按「儲存」", true); return; }
          version.value = got.body.version;
          say("已自動儲存 " + got.body.at + (got.body.unread ? "，有 " + got.body.unread + " 欄看不懂，請檢查" : ""));
          if (again) { save(); }
        })
        .catch(function () { busy = false; say("沒有自動儲存，請按「儲存」", true); });
    }
    function later(e) { if (composing(e)) { return; } clearTimeout(timer); timer = setTimeout(save, 2000); }
    form.addEventListener("input", later); form.addEventListener("change", later);
    form.addEventListener("submit", function (e) {
      clearTimeout(timer); leaving = true;
      if (busy) { e.preventDefault(); var button = e.submitter; var wait = setInterval(function () { if (!busy) { clearInterval(wait); form.requestSubmit(button); } }, 50); }
    });
  });
})();
