"""What a page hands out as files: numbers as CSV, charts as PNG and SVG. No page either."""

import re
from functools import partial

import pandas as pd
import streamlit as st

from forecasting.csv_cells import table_to_csv
from forecasting.messages import N_
from forecasting.split import Period
from pages.parts.session import Session

# The browser has drawn the chart already, in the visitor's theme and with fonts for the visitor's language: it saves
# what it shows, under a title, with the page's font inside. Drawing it again on the server would take a browser's worth
# of software there. A chart of very many days is a canvas; it is kept as a picture.
SCRIPT = """
const SVG = "http://www.w3.org/2000/svg", TITLE = 56

function made(name, attributes, ...within) {
  const element = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...within)
  return element
}

function shown(chart) {
  const place = document.querySelector(`.st-key-${chart.key} [data-testid=stVegaLiteChart]`)
  const svg = place?.querySelector("svg.marks"), canvas = place?.querySelector("canvas.marks")
  if (svg) return {picture: svg.cloneNode(true), width: svg.width.baseVal.value, height: svg.height.baseVal.value}
  if (!canvas) return null
  const {width, height} = canvas.getBoundingClientRect()
  return {picture: made("image", {href: canvas.toDataURL(), width, height}), width, height}
}

function heading() {
  return document.querySelector("[data-testid=stHeading] h1")?.textContent.trim() ?? ""
}

async function drawn(chart) {
  const found = shown(chart)
  if (!found) return null
  const look = getComputedStyle(document.querySelector("[data-testid=stApp]")), family = look.fontFamily
  const {picture, width} = found, height = found.height + TITLE
  picture.setAttribute("y", TITLE)
  const line = {x: 12, fill: look.color, "font-family": family}
  const svg = made("svg", {xmlns: SVG, width, height, viewBox: `0 0 ${width} ${height}`},
    made("style", {}, await fontFace(family)),
    made("rect", {width: "100%", height: "100%", fill: look.backgroundColor}),
    made("text", {...line, y: 24, "font-size": 17, "font-weight": 600}, `${chart.channel} · ${heading()}`),
    made("text", {...line, y: 44, "font-size": 13}, chart.period),
    picture)
  return {text: new XMLSerializer().serializeToString(svg), width, height}
}

// A picture sees no font of the page: the first one goes into it. Without it, the viewer's own fonts serve.
async function fontFace(families) {
  const family = families.split(",")[0].replace(/["']/g, "").trim()
  const rules = [...document.styleSheets].flatMap(sheet => { try { return [...sheet.cssRules] } catch { return [] } })
  const rule = rules.find(rule => rule instanceof CSSFontFaceRule && rule.style.fontStyle !== "italic"
    && rule.style.fontFamily.replace(/["']/g, "") === family)
  const address = rule?.style.src.match(/url\\(["']?([^"')]+)/)?.[1]
  if (!address) return ""
  const blob = await (await fetch(new URL(address, rule.parentStyleSheet.href ?? location.href))).blob()
  const data = await new Promise(done => {
    const reader = new FileReader()
    reader.onload = () => done(reader.result)
    reader.readAsDataURL(blob)
  })
  return `@font-face { font-family: "${family}"; font-weight: 200 900; src: url(${data}) }`
}

function save(blob, file) {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = file
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60000)
}

async function png(svg) {
  const image = new Image(), canvas = document.createElement("canvas"), scale = 2
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(svg.text)
  await image.decode()
  canvas.width = scale * svg.width
  canvas.height = scale * svg.height
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height)
  return new Promise(done => canvas.toBlob(done, "image/png"))
}

export default function ({data, parentElement}) {
  const list = parentElement.querySelector("#charts")
  list.replaceChildren(...data.charts.flatMap(chart => ["PNG", "SVG"].map(kind => {
    const button = document.createElement("button")
    button.textContent = `${chart.label} (${kind})`
    button.onclick = async () => {
      const svg = await drawn(chart)
      if (!svg) return
      const blob = kind === "PNG" ? await png(svg) : new Blob([svg.text], {type: "image/svg+xml"})
      save(blob, `${chart.file}.${kind.toLowerCase()}`)
    }
    return button
  })))
}
"""
LOOK = """
#charts { display: grid; gap: 1rem; }
button {
  font: inherit; font-size: 0.875rem; padding: 0.5rem 0.75rem; cursor: pointer;
  color: var(--st-text-color); background: var(--st-background-color);
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius);
}
button:hover, button:focus-visible { border-color: var(--st-primary-color); color: var(--st-primary-color); }
"""
_save_charts = st.components.v2.component("save_charts", html="<div id='charts'></div>", css=LOOK, js=SCRIPT)


def file_name(session: Session, *parts: object) -> str:
    """A file's name without its ending: the channel's name and what else it says, as any system takes it."""
    words = [re.sub(r"[^\w]+", "-", str(part)).strip("-") for part in (session.channel_name, *parts)]
    return "-".join([words[0][:40] or "channel", *filter(None, words[1:])])


def _as_csv(table: pd.DataFrame) -> bytes:
    """With a mark for spreadsheets."""
    return table_to_csv(table).encode("utf-8-sig")


def offer(
    session: Session,
    tables: dict[str, tuple[str, pd.DataFrame]],
    charts: dict[str, tuple[str, str]],
    period: Period | None = None,
) -> None:
    """A folded list of downloads, named after the channel and the `period` they are about; charts say both inside.

    `tables` has file -> label and frame, `charts` has file -> label and key of the container the chart is in.
    """
    translate, days = session.translate, (period.first, period.last) if period else ()
    with st.popover(translate(N_("Save")), icon=":material/download:"):
        for name, (label, frame) in tables.items():
            st.download_button(
                f"{label} (CSV)",
                partial(_as_csv, frame),  # written when it is asked for
                f"{file_name(session, name, *days)}.csv",
                "text/csv",
                key=f"save-{name}",
                width="stretch",
                on_click="ignore",
            )
        shown = [
            {
                "label": label,
                "key": key,
                "file": file_name(session, name, *days),
                "channel": session.channel_name,
                "period": " – ".join(map(str, days)),
            }
            for name, (label, key) in charts.items()
        ]
        _save_charts(data={"charts": shown}, key="save_charts")
