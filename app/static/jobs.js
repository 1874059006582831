// The page of one run follows it while it is queued or running, and opens anew once it has ended (other buttons).
(function () {
  "use strict";
  var card = document.querySelector("[data-job][data-live]");
  if (!card) return;

  function row(line) {
    var tr = document.createElement("tr");
    tr.className = "job-" + line.level;
    [line.at, line.attempt || "", line.text].forEach(function (text) {
      var td = document.createElement("td");
      td.textContent = text;
      tr.appendChild(td);
    });
    return tr;
  }

  function draw(now) {
    card.querySelector("[data-job-label]").textContent = now.label;
    card.querySelector("[data-job-counts]").textContent = now.counts;
    var bar = card.querySelector("progress");
    if (bar && now.percent !== null) { bar.max = 100; bar.value = now.percent; }
    var log = document.querySelector("[data-job-log]");
    log.replaceChildren.apply(log, now.log.map(row));
  }

  function look() {
    fetch(card.dataset.job, { headers: { Accept: "application/json" } })
      .then(function (answer) { if (!answer.ok) throw new Error(answer.status); return answer.json(); })
      .then(function (now) {
        draw(now);
        var typing = document.activeElement && document.activeElement.name === "comment" && document.activeElement.value;
        if (!now.live && !typing) window.location.reload();
        else if (now.live) window.setTimeout(look, 2000);
      })
      .catch(function () { window.setTimeout(look, 10000); });
  }
  window.setTimeout(look, 1500);
}());
