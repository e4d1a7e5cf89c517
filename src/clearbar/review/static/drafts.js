// Autosave: what is put down goes to the server at once; what the server has not acknowledged is kept in the browser.

const PAUSE = 400; // milliseconds after the last letter of a note

export class Drafts {
  #waiting = new Map(); // criterion → what is to be sent
  #sending = new Map(); // criterion → promise
  #timers = new Map();
  #versions = new Map();

  constructor({ number, person, csrf, tell, show }) {
    Object.assign(this, { number, csrf, tell, show });
    this.key = `clearbar:${person}:${number}`;
  }

  known(criterion, version) {
    this.#versions.set(criterion, version);
  }

  // What an earlier page could not send and the server has not seen in another form.
  left() {
    const kept = JSON.parse(localStorage.getItem(this.key) ?? "{}");
    return Object.entries(kept).filter(([criterion, draft]) => this.#versions.get(criterion) === draft.version);
  }

  put(criterion, draft, { soon = false } = {}) {
    this.#waiting.set(criterion, draft);
    this.#keep();
    clearTimeout(this.#timers.get(criterion));
    if (soon) this.#timers.set(criterion, setTimeout(() => this.#send(criterion), PAUSE));
    else this.#send(criterion);
  }

  async flush() {
    for (const criterion of [...this.#waiting.keys()]) this.#send(criterion);
    while (this.#sending.size) await Promise.all(this.#sending.values());
    return this.#waiting.size === 0;
  }

  get pending() {
    return this.#waiting.size > 0;
  }

  #send(criterion) {
    if (this.#sending.has(criterion) || !this.#waiting.has(criterion)) return;
    const sent = this.#waiting.get(criterion);
    const done = this.#put(criterion, sent).finally(() => {
      this.#sending.delete(criterion);
      if (this.#waiting.has(criterion) && this.#waiting.get(criterion) !== sent) this.#send(criterion);
    });
    this.#sending.set(criterion, done);
  }

  async #put(criterion, draft) {
    this.tell("Saving …");
    const body = JSON.stringify({ ...draft, version: this.#versions.get(criterion) ?? 0 });
    let answer;
    try {
      answer = await fetch(`/reviews/${this.number}/drafts/${encodeURIComponent(criterion)}`, {
        method: "PUT", body, headers: { "content-type": "application/json", "x-csrf": this.csrf },
      });
    } catch {
      this.tell("Not saved: no connection. It is kept in this browser and sent again.", true);
      this.#timers.set(criterion, setTimeout(() => this.#send(criterion), 3000));
      return;
    }
    const told = await answer.json().catch(() => ({ what: "The server did not answer as expected." }));
    if (answer.ok) return this.#saved(criterion, draft, told);
    if (answer.status >= 500) this.#timers.set(criterion, setTimeout(() => this.#send(criterion), 3000));
    this.tell(`Not saved. ${answer.status === 401 ? "Sign in again in another tab; what you wrote is kept here." : `${told.error ?? ""}. ${told.what}`}`, true);
  }

  #saved(criterion, draft, told) {
    this.#versions.set(criterion, told.version);
    if (this.#waiting.get(criterion) === draft) this.#waiting.delete(criterion);
    this.#keep();
    this.show(told.words, criterion, told.version);
    if (!this.pending) this.tell("Saved");
  }

  #keep() {
    const kept = [...this.#waiting].map(([criterion, draft]) => [criterion, { ...draft, version: this.#versions.get(criterion) ?? 0 }]);
    if (kept.length) localStorage.setItem(this.key, JSON.stringify(Object.fromEntries(kept)));
    else localStorage.removeItem(this.key);
  }
}
