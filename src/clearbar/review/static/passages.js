// Passages of the conversation: offsets count code points, as the server does; browsers count UTF-16 units.

const points = (text) => [...text].length;

function before(words, node, offset) {
  const range = document.createRange();
  range.setStart(words, 0);
  range.setEnd(node, offset);
  return points(range.toString());
}

// The selected words, as [turn, start, end] for each turn that the selection touches.
export function selected() {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return [];
  const range = selection.getRangeAt(0);
  const spans = [];
  for (const words of document.querySelectorAll(".turn .words")) {
    if (!range.intersectsNode(words)) continue;
    const start = words.contains(range.startContainer) ? before(words, range.startContainer, range.startOffset) : 0;
    const end = words.contains(range.endContainer) ? before(words, range.endContainer, range.endOffset) : points(words.textContent);
    if (end > start) spans.push([Number(words.dataset.turn), start, end]);
  }
  return spans;
}

export function whole(turn) {
  const words = turn.querySelector(".words");
  const end = points(words.textContent);
  return end ? [[Number(words.dataset.turn), 0, end]] : [];
}

export function quote([turn, start, end]) {
  const text = [...(document.querySelector(`#t${turn} .words`)?.textContent ?? "")].slice(start, end).join("");
  return text.length > 90 ? `${text.slice(0, 88)}…` : text;
}

export const marksOf = (criterion) => [...document.querySelectorAll(`mark[data-criteria~="${CSS.escape(criterion)}"]`)];
