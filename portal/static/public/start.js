// What the form can do without, and is nicer with. Every page works when this file never arrives.
"use strict";

(() => {
  let form = null;

  enhance();

  // Called again whenever the page has been put in place of the one that was sent.
  function enhance() {
    form = document.getElementById("lead");
    if (form) {
      setTimeZone();
      sendInPlace();
      suggestConditions();
      followSummaryLinks();
    }
    offerToCopy();
    useTheirClock();
    sendOnce();
  }

  // Without JavaScript the zone is guessed from the country, until it is chosen.
  function useTheirClock() {
    const guess = document.querySelector("form.zone[data-guessed]")?.elements.zone;
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (guess && zone && zone !== guess.value && !location.search.includes("zone=")) {
      location.replace(`?zone=${encodeURIComponent(zone)}`);
    }
  }

  // The server counts a call once whatever happens; this spares people the wondering.
  function sendOnce() {
    for (const once of document.querySelectorAll("form[data-once]")) {
      const button = once.querySelector("[type=submit]");
      once.addEventListener("submit", (event) => {
        if (button.hasAttribute("aria-disabled")) {
          event.preventDefault();
        }
        button.setAttribute("aria-disabled", "true");
      });
      window.addEventListener("pageshow", () => button.removeAttribute("aria-disabled"));
    }
  }

  function setTimeZone() {
    const zone = form.elements.time_zone;
    zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || zone.value;
  }

  // The form is sent without leaving the page, so that nothing typed is lost when the connection
  // is, and going back never meets a page that the browser would have to send again. The server
  // counts a form once whatever happens; one at a time spares people the wondering.
  function sendInPlace() {
    const button = form.querySelector(".send .primary");
    const trouble = document.getElementById("trouble");
    const words = button.textContent;
    let sending = false;

    function ready() {
      sending = false;
      button.removeAttribute("aria-disabled");
      button.textContent = words;
    }

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (sending) {
        return;
      }
      sending = true;
      trouble.hidden = true;
      const body = new URLSearchParams(new FormData(form));
      const wanted = event.submitter?.name === "switch_to" ? event.submitter.value : "";
      if (wanted) {
        body.set("switch_to", wanted);
      } else {
        button.setAttribute("aria-disabled", "true");
        button.textContent = form.dataset.sending;
      }
      try {
        const signal = AbortSignal.timeout(30000);
        const answer = await fetch(form.action, { method: "POST", body, signal });
        if (answer.redirected) {
          location.assign(answer.url);
          return; // The button stays as it is until the next page is there.
        }
        if (answer.status === 500 || !putInPlace(await answer.text(), wanted)) {
          throw new Error(answer.status);
        }
      } catch {
        ready();
        trouble.hidden = false;
        trouble.focus();
      }
    });
    window.addEventListener("pageshow", ready);
  }

  // The form as it came back, in another language or with mistakes to mend; false when it is none.
  function putInPlace(html, language) {
    const page = new DOMParser().parseFromString(html, "text/html");
    if (!page.getElementById("lead")) {
      return false;
    }
    document.title = page.title;
    document.documentElement.lang = page.documentElement.lang;
    page.querySelectorAll("[autofocus]").forEach((part) => part.removeAttribute("autofocus"));
    document.body.replaceChildren(...page.body.childNodes);
    enhance();
    const next = language
      ? document.querySelector(`[name=switch_to][value=${language}]`)
      : (document.getElementById("summary") ?? document.getElementById("notice"));
    next?.focus({ preventScroll: Boolean(language) });
    return true;
  }

  // A link of the summary goes into the field, not only to it.
  function followSummaryLinks() {
    document.getElementById("summary")?.addEventListener("click", (event) => {
      const field = document.getElementById(event.target.hash?.slice(1));
      if (field) {
        event.preventDefault();
        field.closest(".field, .consent")?.scrollIntoView({ block: "start" });
        field.focus({ preventScroll: true });
      }
    });
  }

  // A combobox as the ARIA authoring practices describe it: the list helps, the text counts.
  function suggestConditions() {
    const input = form.elements.condition_text;
    const box = document.createElement("div");
    const list = document.createElement("ul");
    const status = document.createElement("p");
    let names = [];
    let marked = -1;
    let timer = 0;
    let request = null;

    box.className = "suggest";
    list.id = "suggestions";
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", form.querySelector("label[for=id_condition_text]").textContent);
    status.className = "unseen";
    status.setAttribute("role", "status");
    input.replaceWith(box);
    box.append(input, list, status);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", list.id);
    input.setAttribute("aria-expanded", "false");

    function close() {
      names = [];
      marked = -1;
      list.hidden = true;
      list.replaceChildren();
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }

    function mark(index) {
      list.children[marked]?.setAttribute("aria-selected", "false");
      marked = index;
      const item = list.children[marked];
      if (item) {
        item.setAttribute("aria-selected", "true");
        item.scrollIntoView({ block: "nearest" });
        input.setAttribute("aria-activedescendant", item.id);
      } else {
        input.removeAttribute("aria-activedescendant");
      }
    }

    function pick(index) {
      input.value = names[index].name;
      close();
    }

    function show(found) {
      close();
      names = found;
      status.textContent = found.length ? form.dataset.found : form.dataset.none;
      if (!found.length) {
        return;
      }
      found.forEach((suggestion, index) => {
        const item = document.createElement("li");
        item.id = `suggestion-${index}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        item.textContent = suggestion.name;
        if (suggestion.also) {
          const also = document.createElement("small");
          also.textContent = suggestion.also;
          item.append(" ", also);
        }
        item.addEventListener("click", () => {
          pick(index);
          input.focus();
        });
        list.append(item);
      });
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
    }

    async function ask() {
      request?.abort();
      request = new AbortController();
      const body = new URLSearchParams({
        q: input.value,
        language: document.documentElement.lang,
        csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value,
      });
      try {
        const answer = await fetch(form.dataset.suggestions, {
          method: "POST",
          body,
          signal: request.signal,
        });
        if (answer.ok && document.activeElement === input) {
          show((await answer.json()).names);
        }
      } catch {
        close(); // No suggestions without a connection; the text is what counts.
      }
    }

    input.addEventListener("input", () => {
      clearTimeout(timer);
      status.textContent = "";
      if (input.value.trim().length < 2) {
        request?.abort();
        close();
      } else {
        timer = setTimeout(ask, 150);
      }
    });
    // Pressing the mouse must not take the cursor out of the field before the click counts.
    list.addEventListener("mousedown", (event) => event.preventDefault());
    input.addEventListener("blur", () => {
      clearTimeout(timer);
      request?.abort();
      close();
    });
    input.addEventListener("keydown", (event) => {
      const last = names.length - 1;
      if (event.key === "Escape" && names.length) {
        event.preventDefault();
        close();
      } else if (event.key === "ArrowDown" && names.length) {
        event.preventDefault();
        mark(marked < last ? marked + 1 : 0);
      } else if (event.key === "ArrowUp" && names.length) {
        event.preventDefault();
        mark(marked > 0 ? marked - 1 : last);
      } else if (event.key === "Enter" && marked >= 0) {
        event.preventDefault();
        pick(marked);
      }
    });
  }

  function offerToCopy() {
    for (const button of document.querySelectorAll("[data-copy]")) {
      button.hidden = !navigator.clipboard;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
        button.textContent = button.dataset.copied;
      });
    }
  }
})();
