// Where there is a script, a slider takes the place of the three choices.
for (const overlay of document.querySelectorAll(".overlay")) {
  const fade = overlay.querySelector(".fade"), bar = fade.querySelector("input"), laid = overlay.querySelector(".laid");
  const mix = () => laid.style.setProperty("--mix", bar.value / 100);
  fade.hidden = false;
  overlay.querySelector(".switch").hidden = true;
  bar.addEventListener("input", mix);
  fade.querySelector("button").addEventListener("click", () => { bar.value = bar.value > 50 ? 0 : 100; mix(); });
  mix();
}
