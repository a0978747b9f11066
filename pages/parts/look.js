// What Streamlit's markup lacks for a screen reader, and a phone's menu that closes once something is chosen.
const PHONE = matchMedia("(max-width: 768px)")

function mend() {
  for (const item of document.querySelectorAll("ul[data-testid=stSidebarNavItems], ul[data-testid=stSidebarNavItems] li"))
    item.setAttribute("role", "none") // its list holds headings, which a list must not
  for (const brush of document.querySelectorAll("g[class*='brush_brush']:not([aria-hidden])"))
    brush.setAttribute("aria-hidden", true) // it has no name; the slider below the chart does the same by keyboard
  for (const formula of document.querySelectorAll(".katex-display"))
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0 // it is scrolled by keyboard too
}

function closeMenu(event) {
  if (PHONE.matches && event.target.closest("[data-testid=stSidebarNavLink]"))
    document.querySelector("[data-testid=stSidebarCollapseButton] button")?.click()
}

export default function () {
  mend()
  const watch = new MutationObserver(() => {
    clearTimeout(watch.soon)
    watch.soon = setTimeout(mend, 100)
  })
  watch.observe(document.body, {childList: true, subtree: true})
  document.fonts.addEventListener("loadingdone", mend) // a formula is wider in its own font
  document.addEventListener("click", closeMenu)
  return () => {
    watch.disconnect()
    document.fonts.removeEventListener("loadingdone", mend)
    document.removeEventListener("click", closeMenu)
  }
}
