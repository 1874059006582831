/* Behaviour of the pages. Everything works without it; nothing here is inline, nothing is fetched from outside. */
(function () {
  "use strict";
  var doc = document;
  function all(selector, root) { return Array.prototype.slice.call((root || doc).querySelectorAll(selector)); }
  function make(tag, props, text) { var el = doc.createElement(tag); Object.keys(props || {}).forEach(function (k) { el.setAttribute(k, props[k]); }); if (text !== undefined) { el.textContent = text; } return el; }
  function composing(e) { return e.isComposing || e.keyCode === 229; }   /* Enter that picks a character of an input method */
  function token() { var el = doc.querySelector("meta[name=csrf-token]"); return el ? el.content : ""; }
  function post(url, data) {
    return fetch(url, { method: "POST", credentials: "same-origin", headers: { "X-CSRFToken": token(), "Accept": "application/json" }, body: new URLSearchParams(data) })
      .then(function (r) { return r.json().then(function (body) { if (!r.ok) { throw new Error(body.error || "目前無法完成，請稍後再試"); } return body; }); });
  }

  /* ---- ROC dates and months -------------------------------------------------------------------------------- */
  function pad(n) { return (n < 10 ? "0" : "") + n; }
  function fold(s) { return s.replace(/[\uff01-\uff5e]/g, function (c) { return String.fromCharCode(c.charCodeAt(0) - 0xfee0); }).replace(/\u3000/g, " ").trim(); }
  function readDate(s) {
    s = fold(s);
    var m = /^(?:民國)?(\d{1,3})[年\/.\-](\d{1,2})[月\/.\-](\d{1,2})日?$/.exec(s) || /^(\d{2,3})(\d{2})(\d{2})$/.exec(s);
    return m ? { y: +m[1], m: +m[2], d: +m[3] } : null;
  }
  function readMonth(s) { s = fold(s); var m = /^(?:民國)?(\d{1,3})[年\/.](\d{1,2})月?$/.exec(s) || /^(\d{2,3})(\d{2})$/.exec(s); return m ? { y: +m[1], m: +m[2] } : null; }
  function today() { var p = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Taipei" }).format(new Date()).split("-"); return { y: +p[0] - 1911, m: +p[1], d: +p[2] }; }
  function daysIn(y, m) { return new Date(Date.UTC(y + 1911, m, 0)).getUTCDate(); }

  var open = null;
  function closePicker(focus) { if (open) { var input = open.input; open.box.remove(); input.setAttribute("aria-expanded", "false"); open = null; if (focus) { input.focus(); } } }
  function openPicker(input) {
    closePicker();
    var months = input.dataset.roc === "month", now = today();
    var at = (months ? readMonth(input.value) : readDate(input.value)) || now;
    if (at.m < 1 || at.m > 12 || at.y < 1) { at = now; }
    var typed = months ? readMonth(input.value) : readDate(input.value), view = { y: at.y, m: at.m }, chosen = { y: at.y, m: at.m, d: at.d || 1 };
    var box = make("div", { class: "roc-picker", role: "dialog", "aria-label": months ? "選擇年月" : "選擇日期" });
    input.parentNode.appendChild(box); input.setAttribute("aria-expanded", "true");
    open = { box: box, input: input };
    function step(n) { if (months) { view.y += n; } else { var t = view.y * 12 + view.m - 1 + n; view.y = Math.floor(t / 12); view.m = t % 12 + 1; } if (view.y < 1) { view.y = 1; } draw(); }
    function pick(y, m, d) { input.value = months ? y + "年" + m + "月" : y + "/" + pad(m) + "/" + pad(d); input.dispatchEvent(new Event("change", { bubbles: true })); closePicker(true); }
    function button(label, name, fn) { var b = make("button", { type: "button", "aria-label": name }, label); b.addEventListener("click", fn); return b; }
    function draw(focusDay) {
      box.textContent = "";
      var head = make("div", { class: "roc-head" }), grid = make("div", { class: "roc-days" + (months ? " months" : "") }), i, b;
      if (!months) { head.appendChild(button("«", "前一年", function () { step(-12); })); }
      head.appendChild(button("‹", months ? "前一年" : "上個月", function () { step(-1); }));
      head.appendChild(make("span", { "aria-live": "polite" }, "民國" + view.y + "年" + (months ? "" : view.m + "月")));
      head.appendChild(button("›", months ? "後一年" : "下個月", function () { step(1); }));
      if (!months) { head.appendChild(button("»", "後一年", function () { step(12); })); }
      box.appendChild(head); box.appendChild(grid);
      if (months) {
        for (i = 1; i <= 12; i++) { b = button(i + "月", view.y + "年" + i + "月", pick.bind(null, view.y, i, 1)); b.dataset.n = i; b.setAttribute("aria-pressed", String(!!typed && view.y === at.y && i === at.m)); grid.appendChild(b); }
      } else {
        ["日", "一", "二", "三", "四", "五", "六"].forEach(function (w) { grid.appendChild(make("span", { "aria-hidden": "true" }, w)); });
        var first = new Date(Date.UTC(view.y + 1911, view.m - 1, 1)).getUTCDay(), last = daysIn(view.y, view.m);
        for (i = 0; i < first; i++) { grid.appendChild(make("span", {})); }
        for (i = 1; i <= last; i++) {
          b = button(String(i), view.y + "年" + view.m + "月" + i + "日", pick.bind(null, view.y, view.m, i)); b.dataset.n = i;
          b.setAttribute("aria-pressed", String(!!typed && view.y === chosen.y && view.m === chosen.m && i === chosen.d));
          if (view.y === now.y && view.m === now.m && i === now.d) { b.className = "today"; }
          grid.appendChild(b);
        }
      }
      if (focusDay) { var target = grid.querySelector("[data-n='" + focusDay + "']"); if (target) { target.focus(); } }
    }
    box.addEventListener("keydown", function (e) {
      var n = +(e.target.dataset || {}).n, move = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: months ? -4 : -7, ArrowDown: months ? 4 : 7 }[e.key];
      if (e.key === "Escape") { e.preventDefault(); closePicker(true); }
      if (!move || !n) { return; }
      e.preventDefault();
      var max = months ? 12 : daysIn(view.y, view.m), to = n + move;
      if (to < 1) { step(-1); to += months ? 12 : daysIn(view.y, view.m); } else if (to > max) { to -= max; step(1); }
      draw(to);
    });
    draw();
    open.focus = function () { draw(months ? at.m : (view.y === chosen.y && view.m === chosen.m ? chosen.d : 1)); };
  }
  function dressDate(input) {
    if (input.dataset.dressed) { return; }
    input.dataset.dressed = "1"; input.setAttribute("role", "combobox"); input.setAttribute("aria-haspopup", "dialog"); input.setAttribute("aria-expanded", "false");
    input.addEventListener("focus", function () { if (!open || open.input !== input) { closePicker(); } });
    input.addEventListener("click", function () { openPicker(input); });
    input.addEventListener("input", function () { closePicker(); });
    input.addEventListener("keydown", function (e) {
      if (composing(e)) { return; }
      if (e.key === "ArrowDown") { e.preventDefault(); openPicker(input); open.focus(); }
      if (e.key === "Escape" && open) { e.preventDefault(); closePicker(true); }
      if (e.key === "Tab") { closePicker(); }
    });
  }

  /* ---- look-ups: a combobox over the server's search ------------------------------------------------------------ */
  function dressLookup(root) {
    if (root.dataset.dressed) { return; }
    root.dataset.dressed = "1";
    var key = root.querySelector("input[type=hidden]"), box = root.querySelector("input[type=text]"), list = root.querySelector("ul");
    var options = [], at = -1, timer = 0, asked = 0, shown = box.value;
    function close() { list.hidden = true; box.setAttribute("aria-expanded", "false"); box.removeAttribute("aria-activedescendant"); at = -1; }
    function note(text) { options = []; list.textContent = ""; list.appendChild(make("li", { class: "note", role: "option", "aria-disabled": "true", "aria-selected": "false" }, text)); list.hidden = false; box.setAttribute("aria-expanded", "true"); }
    function mark(i) { at = i; options.forEach(function (o, n) { o.el.setAttribute("aria-selected", String(n === i)); }); if (i >= 0) { box.setAttribute("aria-activedescendant", options[i].el.id); options[i].el.scrollIntoView({ block: "nearest" }); } }
    function take(o) { key.value = o.id; box.value = shown = o.text; close(); key.dispatchEvent(new Event("change", { bubbles: true })); }
    function draw(body) {
      list.textContent = "";
      options = body.results.map(function (r, i) { var el = make("li", { role: "option", id: list.id + "-" + i, "aria-selected": "false" }, r.text); el.addEventListener("mousedown", function (e) { e.preventDefault(); take(r); }); list.appendChild(el); return { id: r.id, text: r.text, el: el }; });
      if (!options.length) { note("查無資料，請檢查輸入的字或號碼"); return; }
      if (body.more) { list.appendChild(make("li", { class: "note", role: "option", "aria-disabled": "true", "aria-selected": "false" }, "還有更多，請再多輸入幾個字")); }
      list.hidden = false; box.setAttribute("aria-expanded", "true"); at = -1;
    }
    function ask() {
      var mine = ++asked;
      post(root.dataset.url, { q: box.value }).then(function (body) { if (mine === asked) { draw(body); } }).catch(function (error) { if (mine === asked) { note(error.message); } });
    }
    box.addEventListener("input", function (e) { key.value = ""; clearTimeout(timer); if (!box.value.trim()) { close(); return; } if (!composing(e)) { timer = setTimeout(ask, 220); } });
    box.addEventListener("compositionend", function () { clearTimeout(timer); timer = setTimeout(ask, 220); });
    box.addEventListener("keydown", function (e) {
      if (composing(e)) { return; }
      if (e.key === "ArrowDown" || e.key === "ArrowUp") { e.preventDefault(); if (list.hidden) { ask(); } else if (options.length) { mark((at + (e.key === "ArrowDown" ? 1 : -1) + options.length) % options.length); } }
      if (e.key === "Enter" && !list.hidden) { e.preventDefault(); if (at >= 0) { take(options[at]); } else if (options.length === 1) { take(options[0]); } }
      if (e.key === "Escape" && !list.hidden) { e.preventDefault(); e.stopPropagation(); close(); }
    });
    box.addEventListener("blur", function () { close(); if (!key.value && box.value !== "" && shown && box.value === shown) { shown = ""; box.value = ""; } });
  }

  /* ---- file fields: what the browser says in its own language is said in Chinese ------------------------------ */
  all("input[type=file]").forEach(function (input, n) {
    input.id = input.id || "file-" + n; input.classList.add("file-input");
    var name = make("span", { class: "file-name quiet" }, "尚未選擇檔案"), row = make("span", { class: "file-row", "aria-hidden": "true" });
    row.appendChild(make("label", { class: "btn btn-default", for: input.id }, "選擇檔案")); row.appendChild(name);
    input.parentNode.insertBefore(row, input.nextSibling);
    input.addEventListener("change", function () { name.textContent = Array.prototype.map.call(input.files, function (f) { return f.name; }).join("、") || "尚未選擇檔案"; });
  });

  /* ---- confirm, comments, ticks ------------------------------------------------------------------------------ */
  function confirmed(text, then) {
    var dialog = doc.getElementById("confirm");
    doc.getElementById("confirm-text").textContent = text; dialog.returnValue = "no";
    dialog.addEventListener("close", function done() { dialog.removeEventListener("close", done); if (dialog.returnValue === "yes") { then(); } });
    dialog.showModal();
  }
  function say(near, text) { var old = near.parentNode.querySelector(".field-message"); if (old) { old.remove(); } var p = make("p", { class: "field-message", role: "alert" }, text); near.parentNode.insertBefore(p, near.nextSibling); near.focus(); }
  doc.addEventListener("click", function (e) {
    var button = e.target.closest("[data-confirm], [data-needs-comment], [data-needs-ticks]"), opener = e.target.closest("[data-open-dialog]");
    if (opener) { doc.getElementById(opener.dataset.openDialog).showModal(); return; }
    if (open && !e.target.closest(".roc-field")) { closePicker(); }
    if (!button || button.dataset.sure) { return; }
    var form = button.form;
    if (button.dataset.needsComment) { var area = doc.getElementById(button.dataset.needsComment); if (!area.value.trim()) { e.preventDefault(); say(area, "「" + button.textContent.trim() + "」要填寫意見，請先寫明理由"); return; } }
    var count = 0;
    if (button.hasAttribute("data-needs-ticks")) {
      count = all("input[name=rowid]:checked").length;
      if (!count) { e.preventDefault(); doc.getElementById("confirm-title").textContent = "尚未勾選"; confirmed("請先勾選要「" + button.textContent.trim() + "」的資料。", function () {}); return; }
    }
    if (button.dataset.confirm) {
      e.preventDefault();
      doc.getElementById("confirm-title").textContent = "請確認";
      confirmed((count ? "已勾選 " + count + " 筆。" : "") + button.dataset.confirm, function () { button.dataset.sure = "1"; if (form) { form.requestSubmit(button); } else { button.click(); } delete button.dataset.sure; });
    }
  });
  doc.addEventListener("change", function (e) {
    if (e.target.matches("[data-tick-all]")) { all("tbody input[type=checkbox]", e.target.closest("table")).forEach(function (box) { box.checked = e.target.checked; box.closest("tr").classList.toggle("ticked", box.checked); }); }
    if (e.target.matches("input[name=rowid]")) { e.target.closest("tr").classList.toggle("ticked", e.target.checked); }
  });

  /* ---- masked numbers: shown for one minute -------------------------------------------------------------------- */
  doc.addEventListener("submit", function (e) {
    var form = e.target;
    if (!form.matches(".reveal")) { return; }
    e.preventDefault();
    var span = form.querySelector(".masked"), masked = span.textContent;
    post(form.action, { column: form.elements.column.value }).then(function (body) {
      span.textContent = body.value; form.querySelector("button").hidden = true;
      setTimeout(function () { span.textContent = masked; form.querySelector("button").hidden = false; }, 60000);
    }).catch(function () { HTMLFormElement.prototype.submit.call(form); });
  });

  /* ---- a second click while the first is on its way changes nothing ------------------------------------------------- */
  doc.addEventListener("submit", function (e) {
    var form = e.target;
    if (e.defaultPrevented || form.getAttribute("method") !== "post") { return; }
    if (form.dataset.sent) { e.preventDefault(); return; }
    form.dataset.sent = "1"; setTimeout(function () { delete form.dataset.sent; }, 5000);   /* a download leaves the page where it is */
  });
  window.addEventListener("pageshow", function () { all("form[data-sent]").forEach(function (form) { delete form.dataset.sent; }); });

  /* ---- keyboard -------------------------------------------------------------------------------------------------- */
  function typing(el) { return el.matches("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]"); }
  doc.addEventListener("keydown", function (e) {
    if (composing(e) || e.defaultPrevented) { return; }
    if (e.altKey && !e.ctrlKey && !e.metaKey) {
      var target = { n: "[data-key=new]", e: "[data-key=edit]", s: "[data-key=save]", j: "[data-key=save-next]" }[e.key.toLowerCase()];
      if (e.key.toLowerCase() === "h") { e.preventDefault(); location.href = "/"; }
      var el = target && doc.querySelector(target);
      if (el) { e.preventDefault(); el.click(); }
      return;
    }
    if (e.ctrlKey || e.metaKey || typing(e.target)) { return; }
    if (e.key === "/") { var first = doc.querySelector(".search input:not([type=hidden]), .search select"); if (first) { e.preventDefault(); first.focus(); if (first.select) { first.select(); } } }
    if (e.key === "?") { doc.getElementById("shortcuts").showModal(); }
    var way = { j: "[data-key=next]", k: "[data-key=previous]" }[e.key], button = way && doc.querySelector(way);
    if (button) { e.preventDefault(); button.click(); }
    if (e.key === "a") { var choice = doc.querySelector("#answer input[type=radio]"); if (choice) { e.preventDefault(); choice.focus(); choice.scrollIntoView({ block: "center" }); } }
  });

  /* ---- the rest ---------------------------------------------------------------------------------------------------- */
  function dress(root) { all("input[data-roc]", root).forEach(dressDate); all(".remote-select", root).forEach(dressLookup); }
  function remembered(key, value) { try { if (value === undefined) { return sessionStorage.getItem(key); } sessionStorage.setItem(key, value); } catch (_e) { return null; } return value; }
  dress(doc);
  new MutationObserver(function (changes) { changes.forEach(function (c) { c.addedNodes.forEach(function (n) { if (n.nodeType === 1 && !n.closest(".roc-picker")) { dress(n.parentNode); } }); }); }).observe(doc.body, { childList: true, subtree: true });
  var focus = doc.querySelector("[data-focus]"); if (focus) { focus.focus(); }
  all(".side-group").forEach(function (group) {
    var key = "menu:" + group.dataset.group;
    if (remembered(key) === "open") { group.open = true; }
    group.addEventListener("toggle", function () { remembered(key, group.open ? "open" : "closed"); });
  });
  var menu = doc.querySelector(".menu-button");
  if (menu) { menu.addEventListener("click", function () { var on = doc.body.classList.toggle("menu-open"); menu.setAttribute("aria-expanded", String(on)); }); }
  var purpose = doc.querySelector("[data-remember-purpose]");
  if (purpose) {
    var last = remembered("purpose");
    all("input[name=purpose]", purpose).forEach(function (r) { if (r.value === last && !purpose.querySelector(":checked")) { r.checked = true; } });
    purpose.addEventListener("submit", function () { var on = purpose.querySelector("input[name=purpose]:checked"); if (on) { remembered("purpose", on.value); } });
    (purpose.querySelector("input[name=purpose]:checked") || purpose.querySelector("input[name=purpose]")).focus();
  }
  all("form[data-unsaved]").forEach(function (form) {
    var dirty = false;
    form.addEventListener("input", function () { dirty = true; });
    form.addEventListener("change", function () { dirty = true; });
    form.addEventListener("submit", function () { dirty = false; });
    window.addEventListener("beforeunload", function (e) { if (dirty) { e.preventDefault(); } });
  });
  doc.addEventListener("click", function (e) { all("details.who-menu[open], details.export[open]").forEach(function (d) { if (!d.contains(e.target)) { d.open = false; } }); });
})();
