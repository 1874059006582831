// The first-day tour: a few steps in a dialog, by button or arrow keys, each naming a part of the page; Esc ends it at any time.
(function () {
  "use strict";
  var doc = document, box = doc.getElementById("tour");
  if (!box) { return; }
  var steps = Array.prototype.slice.call(box.querySelectorAll("li")), back = doc.getElementById("tour-back"), next = doc.getElementById("tour-next"), at = 0;
  function unmark() { var old = doc.querySelector(".tour-here"); if (old) { old.classList.remove("tour-here"); } }
  function show(n) {
    at = n;
    unmark();
    steps.forEach(function (step, i) { step.hidden = i !== at; });
    var target = box.open && doc.querySelector(steps[at].dataset.at);
    if (target) { target.classList.add("tour-here"); }
    back.disabled = at === 0;
    next.textContent = at === steps.length - 1 ? "結束" : "下一步";
    doc.getElementById("tour-count").textContent = (at + 1) + "／" + steps.length;
  }
  function go(by) { if (at + by >= steps.length) { box.close(); } else if (at + by >= 0) { show(at + by); } }
  back.addEventListener("click", function () { go(-1); });
  next.addEventListener("click", function () { go(1); });
  box.addEventListener("keydown", function (e) { if (e.key === "ArrowRight") { go(1); } else if (e.key === "ArrowLeft") { go(-1); } });
  box.addEventListener("close", function () { unmark(); show(0); });
  doc.addEventListener("click", function (e) { if (e.target.closest("[data-open-dialog='tour']")) { show(0); } });
  show(0);
}());
