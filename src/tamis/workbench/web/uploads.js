// Files that are too large are refused where they are dropped, in the page's language, before they travel.
(() => {
  const MOST = {{most}}, SAID = {{said}};
  const inMB = (bytes) => (bytes / 1e6).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 });
  const told = (place, file) => {
    const note = document.createElement("div");
    note.className = "t-note t-wrong t-large";
    note.setAttribute("role", "alert");
    note.textContent = SAID.replace("{name}", () => file.name).replace("{size}", inMB(file.size)).replace("{most}", inMB(MOST));
    place.append(note);
  };
  const look = (event, files) => {
    const place = event.target.closest?.(".block");
    if (!place?.querySelector("input[type=file]")) return;
    place.querySelectorAll(".t-large").forEach((note) => note.remove());
    const large = [...(files ?? [])].find((file) => file.size > MOST);
    if (!large) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    if (event.type === "change") event.target.value = "";
    else event.target.dispatchEvent(new DragEvent("dragleave", { bubbles: true }));
    told(place, large);
  };
  window.addEventListener("change", (event) => event.target.type === "file" && look(event, event.target.files), true);
  window.addEventListener("drop", (event) => look(event, event.dataTransfer?.files), true);
})();
