// What the theme needs under a strict content security policy, and what makes a day's work easier.
//
// The CSP build of Alpine knows no globals: the functions that the theme's templates call are
// handed to it here, as the outermost scope of the page.
"use strict";

document.addEventListener("alpine:init", () => {
  const saved = localStorage.getItem("sidebarDesktopOpen");

  Alpine.addScopeToNode(document.documentElement, {
    theme,
    searchForm,
    searchDropdown,
    moveRecords,
    sortRecords,
    // The search palette; Enter alone opens, with Ctrl in a new tab.
    searchCommand: () => ({
      ...searchCommand(),
      enter(event) {
        if (this.items && this.items.length > 0) {
          this.currentIndex = this.currentIndex || 1;
          this.selectItem(false, event.ctrlKey || event.metaKey);
        }
      },
    }),
    // The page: which tab is shown, and whether the sidebar is.
    workplace: (firstTab) => ({
      activeTab: tabInAddress() || firstTab,
      sidebarMobileOpen: false,
      sidebarDesktopOpen: saved === null || saved === "1",
      toggleSidebar() {
        this.sidebarDesktopOpen = !this.sidebarDesktopOpen;
        localStorage.setItem("sidebarDesktopOpen", this.sidebarDesktopOpen ? "1" : "0");
      },
      followAddress() {
        this.activeTab = tabInAddress() || firstTab;
      },
      showTab(name) {
        this.activeTab = name;
        const address = location.pathname + location.search;
        history.replaceState(null, "", name === "general" ? address : `${address}#${name}`);
      },
    }),
  });
});

function tabInAddress() {
  const name = location.hash.slice(1);
  return name && document.querySelector(`[data-tab="${CSS.escape(name)}"]`) ? name : null;
}

document.addEventListener("DOMContentLoaded", () => {
  // A picture beside words, or in something that has a name, is not read aloud.
  for (const icon of document.querySelectorAll(".material-symbols-outlined:not([aria-hidden])")) {
    const holder = icon.closest("a, button");
    const isName =
      holder && !holder.ariaLabel && !holder.title && holder.textContent.trim() === icon.textContent.trim();
    if (!isName) {
      icon.setAttribute("aria-hidden", "true");
    }
  }

  // The keyboard follows into the filters.
  document.querySelector("[data-opens-filters]")?.addEventListener("click", () => {
    setTimeout(() => document.querySelector("#changelist-filter .select2-selection")?.focus(), 100);
  });

  // A form comes back to the tab it was sent from.
  for (const form of document.querySelectorAll("form.portal-record")) {
    form.addEventListener("submit", () => {
      form.action = location.pathname + location.search + location.hash;
    });
  }
});

// Boxes that search as one types are made after the page was read; each gets the name of its label.
window.addEventListener("load", () => {
  for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
    const label = select.labels[0] || select.closest(".field-line, .field-row")?.querySelector("label");
    const name = label ? label.textContent.replace("*", "").trim() : select.ariaLabel;
    const box = select.nextElementSibling;
    if (!name || !box) {
      continue;
    }
    for (const part of box.querySelectorAll("[role=combobox], [role=textbox], [role=searchbox], input")) {
      part.setAttribute("aria-label", name);
    }
    // The box is called as its label is, and then what was chosen.
    const combobox = box.querySelector("[role=combobox]");
    const chosen = combobox?.getAttribute("aria-labelledby");
    if (chosen) {
      combobox.id ||= `${select.id}-box`;
      combobox.setAttribute("aria-labelledby", `${combobox.id} ${chosen}`);
    }
  }
  // A column without a heading has none: the one in which rows are taken away.
  for (const heading of document.querySelectorAll("#content-main thead th")) {
    if (!heading.textContent.trim() && !heading.querySelector("input, button, a")) {
      const cell = document.createElement("td");
      cell.className = heading.className;
      heading.replaceWith(cell);
    }
  }
});

// A menu closes when something in it was chosen, and when one looks elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".portal-more[open]")) {
    if (!menu.contains(event.target) || event.target.closest(".portal-menu a")) {
      menu.open = false;
    }
  }
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector(".portal-more[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("keydown", (event) => {
  const key = event.key.toLowerCase();
  const withControl = event.ctrlKey || event.metaKey;
  // Ctrl+S saves and stays on the page.
  if (withControl && key === "s") {
    const save =
      document.querySelector("[name=_continue]") || document.querySelector("[name=_save]");
    if (save) {
      event.preventDefault();
      save.click();
    }
  }
  // What looks like a button works like one.
  if ((key === "enter" || key === " ") && event.target.matches("[role=button]:not(button)")) {
    event.preventDefault();
    event.target.click();
  }
});
