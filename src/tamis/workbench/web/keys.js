// Keys of the tab that labels: a key clicks the button that begins with it, so that keys and buttons do the same.
if (!window.tamisKeys) {
  window.tamisKeys = true;
  const PAUSE = 250; // milliseconds: who presses twice by mistake does not label a pair that nobody has read
  const TYPED = "textarea, select, [contenteditable]:not([contenteditable=false]), " +
    "input:not([type=radio], [type=checkbox], [type=range], [type=button], [type=file])";
  let last = 0;
  const named = (event) => {
    if (/^[0-9a-z]$/i.test(event.key)) return event.key.toUpperCase();
    const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code); // also where digits take Shift
    if (digit) return digit[1];
    const letter = event.key === "Process" && /^Key([A-Z])$/.exec(event.code); // an input method is on
    return letter ? letter[1] : "";
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    if (event.target.closest && event.target.closest(TYPED)) return;
    const box = document.querySelector("#labels-keys");
    if (!box || box.offsetParent === null) return;
    const buttons = [...box.querySelectorAll("button")].filter((button) => button.offsetParent !== null);
    const begins = (key) => buttons.find((button) => button.innerText.trim().split(/\s/)[0] === key);
    const key = named(event);
    const button = key && (begins(key) || (key === "0" ? begins("S") : undefined));
    if (!button || button.disabled) return;
    event.preventDefault();
    if (event.timeStamp - last < PAUSE) return;
    last = event.timeStamp;
    button.click();
  });
}
