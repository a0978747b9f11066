"""What a page hands out as files: numbers as CSV, charts as PNG and SVG. No page either."""

import re

import pandas as pd
import streamlit as st

from forecasting.messages import N_
from pages.parts.session import Session

# The browser has drawn the chart already, in the visitor's theme and with fonts for the visitor's language: it saves
# what it shows. Drawing it again on the server would take a browser's worth of software there.
SCRIPT = """
function drawn(chart) {
  const shown = document.querySelector(`.st-key-${chart.key} [data-testid=stVegaLiteChart] svg`)
  if (!shown) return null
  const copy = shown.cloneNode(true), behind = document.createElementNS("http://www.w3.org/2000/svg", "rect")
  behind.setAttribute("width", "100%")
  behind.setAttribute("height", "100%")
  behind.setAttribute("fill", getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor)
  copy.prepend(behind)
  const width = shown.width.baseVal.value, height = shown.height.baseVal.value
  copy.setAttribute("width", width)
  copy.setAttribute("height", height)
  return {text: new XMLSerializer().serializeToString(copy), width, height}
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
      const svg = drawn(chart)
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


def offer(session: Session, tables: dict[str, tuple[str, pd.DataFrame]], charts: dict[str, tuple[str, str]]) -> None:
    """A folded list of downloads.

    `tables` has file -> label and frame, `charts` has file -> label and key of the container the chart is in.
    """
    translate = session.translate
    channel = re.sub(r"[^\w]+", "-", translate(session.channel.name)).strip("-")[:40] or "channel"
    with st.popover(translate(N_("Save")), icon=":material/download:"):
        for name, (label, frame) in tables.items():
            text = frame.to_csv(index=False, float_format="%.8g").encode("utf-8-sig")  # with a mark for spreadsheets
            st.download_button(
                f"{label} (CSV)",
                text,
                f"{channel}-{name}.csv",
                "text/csv",
                key=f"save-{name}",
                width="stretch",
                on_click="ignore",
            )
        shown = [{"label": label, "key": key, "file": f"{channel}-{name}"} for name, (label, key) in charts.items()]
        _save_charts(data={"charts": shown}, key="save_charts")
