/* The theme's arrows that open a chapter in the sidebar have no name; give them one. */
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("nav li.has-children > details > summary").forEach((summary) => {
    const link = summary.closest("li").querySelector(":scope > a");
    summary.setAttribute("aria-label", "Sections of " + (link ? link.textContent.trim() : "this part"));
  });
});
