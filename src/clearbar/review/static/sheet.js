// The explanation sheet: a criterion lights up its passages, a passage its criteria.

import { marksOf } from "./passages.js";

function light(criterion) {
  for (const mark of document.querySelectorAll("mark.lit")) mark.classList.remove("lit");
  for (const mark of marksOf(criterion)) mark.classList.add("lit");
}

for (const card of document.querySelectorAll(".criterion")) {
  card.addEventListener("mouseenter", () => light(card.dataset.criterion));
  card.addEventListener("focusin", () => light(card.dataset.criterion));
}

const cardsOf = (mark) => mark.dataset.criteria.split(" ").map((id) => document.querySelector(`#c-${CSS.escape(id)}`));
const talk = document.querySelector(".turns");
for (const [event, on] of [["mouseover", true], ["mouseout", false]]) {
  talk.addEventListener(event, ({ target }) => {
    const mark = target.closest("mark");
    if (mark) for (const card of cardsOf(mark)) card?.classList.toggle("lit", on);
  });
}
