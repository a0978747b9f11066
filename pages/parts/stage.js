// One canvas with axes: a surface in colour bands, lines, paths, arrows, dots, and handles to drag.
// It draws and measures what Python gives it (pages/parts/stage.py) and computes nothing else.
// Streamlit calls the default export anew for every new data or theme: what outlives a call stands in `stages`.

const MARGIN = { left: 58, right: 14, top: 10, bottom: 44 } // around the plot, in pixels of a root of 16, as all lengths of words
const BARE = { left: 4, right: 4, top: 4, bottom: 4 } // where there are no axes
const FONT = 12
const REACH = 1e6 // pixels: a canvas draws nothing sensible farther out
const KEY_STEPS = 50 // arrow keys that cross an axis
const PLAY_MS = 2500 // a whole path
const stages = new WeakMap()

export default function ({ data, parentElement, setStateValue }) {
  const stage = stages.get(parentElement) ?? begin(parentElement)
  stages.set(parentElement, stage)
  stage.send = (moved) => setStateValue("moved", moved)
  take(stage, data)
  return () => end(stage, parentElement)
}

function begin(parent) {
  const find = (selector) => parent.querySelector(selector)
  const stage = {
    plot: find(".plot"), canvas: find("canvas"), layer: find(".handles"), readout: find(".readout"),
    legend: find(".legend"), scrub: find(".scrub"), range: find("input"), output: find("output"),
    at: new Map(), dragged: null, pointer: null, step: 0, sent: 0, unsent: false, frames: 0, answers: 0, asked: 0, playing: 0, moved: false,
  }
  stage.observer = new ResizeObserver(() => soon(stage))
  stage.observer.observe(stage.plot)
  stage.observer.observe(find(".rem")) // the root's font may come after the picture
  return stage
}

function end(stage, parent) {
  stage.observer.disconnect()
  cancelAnimationFrame(stage.asked)
  cancelAnimationFrame(stage.playing)
  stages.delete(parent)
}

function take(stage, data) {
  const newPaths = stage.data?.pathsVersion !== data.pathsVersion
  stage.data = data
  stage.image = null // the theme may be another
  stage.plot.style.height = `${data.height}px`
  stage.canvas.setAttribute("aria-label", data.alt)
  // While a move is under way, or Python has not yet heard of it, what Python says of handles is of an earlier move.
  const heard = !stage.unsent && data.answered >= stage.sent
  for (const { name, at } of data.handles) if (heard || !stage.at.has(name)) stage.at.set(name, [...at])
  setHandles(stage)
  setPointer(stage)
  setScrub(stage, newPaths)
  draw(stage)
  stage.canvas.dataset.answers = ++stage.answers // for tests and benchmarks, like frames and ms
}

function soon(stage) {
  cancelAnimationFrame(stage.asked)
  stage.asked = requestAnimationFrame(() => draw(stage))
}

// Places

const scaled = (axis, value) => (axis.log ? Math.log10(value) : value)
const share = (axis, value) => (scaled(axis, value) - scaled(axis, axis.low)) / (scaled(axis, axis.high) - scaled(axis, axis.low))
const unscaled = (axis, part) => {
  const value = scaled(axis, axis.low) + part * (scaled(axis, axis.high) - scaled(axis, axis.low))
  return axis.log ? 10 ** value : value
}
const within = (value, low, high) => Math.min(Math.max(value, low), high)

function inner({ width, height }, around, rem) {
  const [left, right, top, bottom] = ["left", "right", "top", "bottom"].map((side) => around[side] * rem)
  return { left, top, width: width - left - right, height: height - top - bottom }
}
function toPixels({ data: { x, y }, box }, [a, b]) {
  const place = [box.left + share(x, a) * box.width, box.top + (1 - share(y, b)) * box.height]
  return place.map((pixel) => within(pixel, -REACH, REACH))
}
function fromPixels({ data: { x, y }, box }, [a, b]) {
  return [unscaled(x, (a - box.left) / box.width), unscaled(y, 1 - (b - box.top) / box.height)]
}
function pixelOf(stage, event) {
  const corner = stage.plot.getBoundingClientRect()
  return [event.clientX - corner.left, event.clientY - corner.top]
}

// Numbers

const number = (value, digits, unit = "") => (Number.isFinite(value) ? value.toFixed(Math.abs(value) < 1000 ? digits : 0) : "–").replace("-", "−") + unit
// On an axis of powers of ten what the digits cannot show is said in powers: 3.0e-5.
const valueOn = (axis, value) =>
  axis.log && value > 0 && value < 10 ** -axis.digits
    ? value.toExponential(1).replace("-", "−") + axis.unit
    : number(value, axis.digits, axis.unit)
const onAxis = (axis, value) => axis.names[Math.round(value)] ?? `${axis.symbol} ${valueOn(axis, value)}`

// Surface: values of a grid, row 0 at the low end of y

function heightAt({ data: { surface, x, y } }, [a, b]) {
  return interpolated(surface, share(x, a) * (surface.columns - 1), share(y, b) * (surface.rows - 1))
}
function interpolated({ values, rows, columns }, column, row) {
  const c = within(Math.floor(column), 0, columns - 2), r = within(Math.floor(row), 0, rows - 2)
  const u = within(column - c, 0, 1), v = within(row - r, 0, 1), at = r * columns + c
  return (1 - v) * ((1 - u) * values[at] + u * values[at + 1]) + v * ((1 - u) * values[at + columns] + u * values[at + columns + 1])
}
function slopeAt(stage, [a, b]) {
  const { x, y, surface } = stage.data
  const dx = (x.high - x.low) / (surface.columns - 1), dy = (y.high - y.low) / (surface.rows - 1)
  const along = (one, other, step) => (heightAt(stage, one) - heightAt(stage, other)) / step
  return [along([a + dx / 2, b], [a - dx / 2, b], dx), along([a, b + dy / 2], [a, b - dy / 2], dy)]
}

function palette(stage, name) {
  return getComputedStyle(stage.canvas).getPropertyValue(name).split(",").map((colour) => colour.trim())
}
function rgb(colour) {
  const pen = new OffscreenCanvas(1, 1).getContext("2d")
  pen.fillStyle = colour
  pen.fillRect(0, 0, 1, 1)
  return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3)
}
function bandColours(stage, count) {
  const stops = palette(stage, "--st-chart-sequential-colors").map(rgb)
  return Array.from({ length: count }, (_, band) => {
    const at = (band / Math.max(count - 1, 1)) * (stops.length - 1), low = Math.min(Math.floor(at), stops.length - 2)
    return stops[low].map((value, i) => value + (at - low) * (stops[low + 1][i] - value))
  })
}
function surfaceImage(stage) {
  const { surface } = stage.data
  const key = `${surface.version} ${stage.box.width} ${stage.box.height}`
  if (stage.image?.key === key) return stage.image.canvas
  const width = Math.max(Math.round(stage.box.width / 2), 2), height = Math.max(Math.round(stage.box.height / 2), 2)
  const image = new ImageData(width, height), colours = bandColours(stage, surface.levels.length + 1)
  for (let j = 0; j < height; j++)
    for (let i = 0; i < width; i++) {
      const value = interpolated(surface, (i / (width - 1)) * (surface.columns - 1), (1 - j / (height - 1)) * (surface.rows - 1))
      let band = surface.levels.findIndex((level) => value < level)
      if (band < 0) band = surface.levels.length
      image.data.set([...colours[band], 255], 4 * (j * width + i))
    }
  const canvas = new OffscreenCanvas(width, height)
  canvas.getContext("2d").putImageData(image, 0, 0)
  stage.image = { key, canvas, colours }
  return canvas
}

// Drawing

function draw(stage) {
  const begun = performance.now()
  const size = stage.plot.getBoundingClientRect()
  if (size.width < 100) return // folded away
  const ratio = window.devicePixelRatio || 1, { canvas, data } = stage
  canvas.width = Math.round(size.width * ratio)
  canvas.height = Math.round(size.height * ratio)
  stage.rem = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 // larger in a room
  stage.box = inner(size, data.axes ? MARGIN : BARE, stage.rem)
  const pen = canvas.getContext("2d"), colours = palette(stage, "--st-chart-categorical-colors")
  const style = getComputedStyle(canvas), word = (name) => style.getPropertyValue(name).trim()
  stage.ink = (place) => (place < 0 ? word("--st-text-color") : colours[place % colours.length])
  stage.paper = word("--st-background-color")
  stage.moved = data.handles.some(({ name, at }) => at.some((value, i) => value !== stage.at.get(name)[i]))
  pen.scale(ratio, ratio)
  pen.font = `${FONT * stage.rem}px ${word("--st-font")}`
  const { left, top, width, height } = stage.box
  if (data.surface) pen.drawImage(surfaceImage(stage), left, top, width, height)
  if (data.axes) drawAxes(stage, pen, word)
  pen.save()
  pen.beginPath()
  pen.rect(left, top, width, height)
  pen.clip()
  drawRules(stage, pen)
  for (const line of data.lines) drawLine(stage, pen, line)
  for (const path of data.paths) drawPath(stage, pen, path)
  for (const arrow of data.arrows) drawArrow(stage, pen, arrow)
  if (data.surface && data.downhill) for (const { name } of data.handles) drawDownhill(stage, pen, stage.at.get(name))
  for (const dot of data.dots) drawDot(stage, pen, dot)
  for (const text of data.texts) drawText(stage, pen, text)
  drawCrosshair(stage, pen)
  pen.restore()
  placeHandles(stage)
  stage.readout.textContent = readout(stage)
  setLegend(stage)
  canvas.dataset.frames = ++stage.frames
  canvas.dataset.ms = performance.now() - begun
}

function drawAxes(stage, pen, word) {
  const { rem, data: { x, y }, box: { left, top, width, height } } = stage
  const bottom = top + height
  pen.strokeStyle = word("--st-border-color")
  pen.fillStyle = word("--st-text-color")
  pen.lineWidth = 1
  pen.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1)
  pen.textAlign = "center"
  pen.textBaseline = "top"
  let free = -Infinity
  for (const [value, text] of x.ticks) {
    const [at] = toPixels(stage, [value, y.low]), half = pen.measureText(text).width / 2
    line(pen, [at, bottom], [at, bottom + 4])
    if (at - half < free || at + half > left + width + MARGIN.right * rem) continue
    pen.fillText(text, at, bottom + 7 * rem)
    free = at + half + 8
  }
  pen.fillText(x.title, left + width / 2, bottom + 25 * rem, width)
  pen.textAlign = "right"
  pen.textBaseline = "middle"
  let above = Infinity
  for (const [value, text] of y.ticks) {
    const [, at] = toPixels(stage, [x.low, value])
    line(pen, [left - 4, at], [left, at])
    if (!stage.data.surface) line(pen, [left, at], [left + width, at])
    if (above - at < FONT * rem) continue
    pen.fillText(text, left - 7, at)
    above = at
  }
  pen.save()
  pen.translate(12 * rem, top + height / 2)
  pen.rotate(-Math.PI / 2)
  pen.textAlign = "center"
  pen.fillText(y.title, 0, 0, height)
  pen.restore()
}

function line(pen, from, to) {
  pen.beginPath()
  pen.moveTo(...from)
  pen.lineTo(...to)
  pen.stroke()
}
function rimmed(stage, pen, colour, width, trace) {
  pen.lineJoin = pen.lineCap = "round"
  for (const [ink, wide] of [[stage.paper, width + 3], [colour, width]]) {
    pen.strokeStyle = ink
    pen.lineWidth = wide
    pen.beginPath()
    trace()
    pen.stroke()
  }
}
function pointsOf(stage, line) {
  if (!line.through.length) return line.points
  const points = line.through.map((name) => stage.at.get(name)), { x } = stage.data
  return [[x.low, points[0][1]], ...points, [x.high, points.at(-1)[1]]] // flat beyond the last handles
}
function drawBars(stage, pen, { points, bar, colour, faint }) {
  pen.globalAlpha = faint ? 0.45 : 1
  pen.fillStyle = stage.ink(colour)
  for (const [x, y] of points) {
    if (y === null) continue
    const [left, top] = toPixels(stage, [x - bar / 2, y]), [right, bottom] = toPixels(stage, [x + bar / 2, 0])
    pen.fillRect(left, top, right - left, bottom - top)
  }
  pen.globalAlpha = 1
}
function drawLine(stage, pen, line) {
  if (line.bar) return drawBars(stage, pen, line)
  const points = pointsOf(stage, line)
  pen.setLineDash(line.dashed ? [6, 4] : [])
  pen.globalAlpha = line.faint ? 0.45 : 1
  pen.lineJoin = "round"
  pen.strokeStyle = stage.ink(line.colour)
  pen.lineWidth = line.width
  pen.beginPath()
  let broken = true
  for (const point of points) {
    if (point[1] === null) { broken = true; continue }
    const place = toPixels(stage, point)
    broken ? pen.moveTo(...place) : pen.lineTo(...place)
    broken = false
  }
  pen.stroke()
  pen.setLineDash([])
  pen.globalAlpha = 1
}
function drawPath(stage, pen, path) {
  const shown = path.points.filter((_, i) => path.steps[i] <= stage.step).map((point) => toPixels(stage, point))
  if (!shown.length) return
  pen.globalAlpha = stage.moved ? 0.3 : 1 // it began where the handle was
  const crossing = lengthOf(shown) > 8 * stage.box.width // to and fro: thick lines would fill the picture
  const trace = () => shown.forEach((place) => pen.lineTo(...place))
  crossing ? thin(pen, stage.ink(path.colour), trace) : rimmed(stage, pen, stage.ink(path.colour), 2.5, trace)
  if (path.dots) for (const place of shown) disc(stage, pen, place, 3, stage.ink(path.colour))
  disc(stage, pen, shown.at(-1), 5, stage.ink(path.colour))
  pen.globalAlpha = 1
}
function lengthOf(places) {
  return places.reduce((sum, [x, y], i) => sum + (i ? Math.hypot(x - places[i - 1][0], y - places[i - 1][1]) : 0), 0)
}
function thin(pen, colour, trace) {
  pen.strokeStyle = colour
  pen.lineWidth = 0.7
  pen.beginPath()
  trace()
  pen.stroke()
}
function disc(stage, pen, place, radius, colour) {
  pen.beginPath()
  pen.arc(...place, radius, 0, 7)
  pen.fillStyle = colour
  pen.fill()
  pen.lineWidth = 1.5
  pen.strokeStyle = stage.paper
  pen.stroke()
}
function drawDot(stage, pen, dot) {
  const place = toPixels(stage, dot.at)
  disc(stage, pen, place, 6, stage.ink(dot.colour))
  if (!dot.label) return
  const right = place[0] > stage.box.left + stage.box.width * 0.7
  pen.textAlign = right ? "right" : "left"
  pen.textBaseline = "bottom"
  rimmedText(stage, pen, dot.label, place[0] + (right ? -9 : 9), place[1] - 4)
}
function drawText(stage, pen, { at, text, side, bold }) {
  const [left, top] = toPixels(stage, at), plain = pen.font
  if (bold) pen.font = `bold ${plain}`
  pen.textAlign = "left"
  pen.textBaseline = { "-1": "top", 0: "middle", 1: "bottom" }[side]
  rimmedText(stage, pen, text, left, top - 2 * side)
  pen.font = plain
}
function rimmedText(stage, pen, text, x, y) {
  const { left, width } = stage.box, wide = pen.measureText(text).width, before = pen.textAlign === "right" ? wide : 0
  x = before + within(x - before, left, Math.max(left + width - wide, left)) // beyond the plot it would be cut
  pen.lineJoin = "round"
  pen.lineWidth = 4
  pen.strokeStyle = stage.paper
  pen.strokeText(text, x, y)
  pen.fillStyle = stage.ink(-1)
  pen.fillText(text, x, y)
}
function drawArrow(stage, pen, { at, by, colour }) {
  pen.globalAlpha = stage.moved ? 0.3 : 1 // as a path: it began where the handle was
  arrow(stage, pen, toPixels(stage, at), toPixels(stage, [at[0] + by[0], at[1] + by[1]]), stage.ink(colour))
  pen.globalAlpha = 1
}
function drawDownhill(stage, pen, at) {
  const { data: { x, y }, box } = stage, [a, b] = slopeAt(stage, at)
  const to = [(-a * box.width) / (x.high - x.low), (b * box.height) / (y.high - y.low)], length = Math.hypot(...to)
  if (!length) return
  const from = toPixels(stage, at)
  arrow(stage, pen, from, from.map((pixel, i) => pixel + (46 * to[i]) / length), stage.ink(-1))
}
function arrow(stage, pen, from, to, colour) {
  const turn = Math.atan2(to[1] - from[1], to[0] - from[0])
  const barb = (side) => [to[0] - 8 * Math.cos(turn + side), to[1] - 8 * Math.sin(turn + side)]
  rimmed(stage, pen, colour, 2, () => {
    pen.moveTo(...from)
    pen.lineTo(...to)
    pen.moveTo(...barb(0.5))
    pen.lineTo(...to)
    pen.lineTo(...barb(-0.5))
  })
}
function drawRules(stage, pen) {
  const { left, top, width, height } = stage.box
  pen.setLineDash([5, 4])
  pen.lineWidth = 1.5
  for (const { name, rule, along, colour } of stage.data.handles) {
    if (!rule) continue
    const [a, b] = toPixels(stage, stage.at.get(name))
    pen.strokeStyle = stage.ink(colour)
    along === "y" ? line(pen, [left, b], [left + width, b]) : line(pen, [a, top], [a, top + height])
  }
  pen.setLineDash([])
}
function drawCrosshair(stage, pen) {
  if (!stage.pointer || stage.data.surface) return
  const { top, height } = stage.box, [at] = toPixels(stage, stage.pointer)
  pen.strokeStyle = stage.ink(-1)
  pen.lineWidth = 0.5
  line(pen, [at, top], [at, top + height])
}

// Words

function readout(stage) {
  const { data } = stage
  if (stage.pointer && !stage.dragged) return textAt(stage, stage.pointer)
  const name = stage.dragged ?? data.handles[0]?.name
  return name && data.readout ? textAt(stage, stage.at.get(name)) : " "
}
function textAt(stage, [a, b]) {
  const { x, y, surface, lines, words } = stage.data
  if (surface) {
    const [dx, dy] = slopeAt(stage, [a, b]).map((slope) => number(slope, surface.digits))
    const height = number(heightAt(stage, [a, b]), surface.digits, surface.unit)
    return `${onAxis(x, a)} · ${onAxis(y, b)} · ${surface.title} ${height} · ${words.slope} ${dx}, ${dy}`
  }
  const values = lines.filter(({ label, read }) => label && read).map((line) => [line.label, readingOf(stage, line, a)])
  const shown = values.filter(([, value]) => value !== null).map(([label, value]) => `${label} ${valueOn(y, value)}`)
  return [onAxis(x, a), ...shown].join(" · ")
}
function readingOf(stage, line, at) {
  if (line.bar) return line.points.find(([x]) => Math.abs(x - at) < 0.5)?.[1] ?? null
  const points = pointsOf(stage, line)
  if (points.some(([x], i) => i && x < points[i - 1][0])) return null // a closed curve has no one value
  return valueOf(points, at)
}
function valueOf(points, at) {
  const next = points.findIndex(([x]) => x >= at)
  if (next < 0) return null
  const [[x0, y0], [x1, y1]] = [points[Math.max(next - 1, 0)], points[next]]
  if (y0 === null || y1 === null || at < x0) return null
  return x1 === x0 ? y1 : y0 + ((at - x0) / (x1 - x0)) * (y1 - y0)
}
function setLegend(stage) {
  const { surface, lines, paths, dots } = stage.data
  const items = [...lines, ...paths].filter(({ label }) => label).map(({ label, colour, dashed }) => swatch(label, dashed ? "dashed" : "line", stage.ink(colour)))
  items.push(...dots.filter(({ legend }) => legend).map(({ legend, colour }) => swatch(legend, "dot", stage.ink(colour))))
  if (surface) items.push(bandsSwatch(surface, stage.image.colours))
  stage.legend.replaceChildren(...items)
}
function swatch(label, kind, ink) {
  const item = document.createElement("li"), mark = document.createElement("i")
  mark.className = kind
  mark.style.setProperty("--ink", ink)
  item.append(mark, label)
  return item
}
function bandsSwatch({ title, levels, digits, unit }, colours) {
  const stops = colours.map((colour, i) => `rgb(${colour}) ${(100 * i) / colours.length}% ${(100 * (i + 1)) / colours.length}%`)
  const [low, high] = [levels[0], levels.at(-1)].map((level) => number(level, digits, unit))
  return swatch(`${title} < ${low} … > ${high}`, "bands", `linear-gradient(90deg, ${stops})`)
}

// Handles: buttons above the canvas, so that a finger beside them still scrolls the page

function setHandles(stage) {
  const names = stage.data.handles.map(({ name }) => name)
  for (const button of [...stage.layer.children]) if (!names.includes(button.dataset.name)) button.remove()
  for (const handle of stage.data.handles) setHandle(stage, handle, buttonOf(stage, handle.name))
}
function buttonOf(stage, name) {
  const known = [...stage.layer.children].find((button) => button.dataset.name === name)
  if (known) return known
  const button = document.createElement("button")
  button.type = "button"
  button.className = "handle"
  button.dataset.name = name
  button.setAttribute("role", "slider")
  stage.layer.append(button)
  return button
}
// ARIA takes no 1e-7.
const spelt = (number) => number.toLocaleString("en", { useGrouping: false, maximumFractionDigits: 12 })
function setHandle(stage, handle, button) {
  const axis = stage.data[handle.along === "y" ? "y" : "x"]
  button.setAttribute("aria-label", handle.label)
  button.setAttribute("aria-valuemin", spelt(axis.low))
  button.setAttribute("aria-valuemax", spelt(axis.high))
  button.onpointerdown = (event) => {
    button.setPointerCapture(event.pointerId)
    button.classList.add("dragged")
    stage.dragged = handle.name
    event.preventDefault()
    button.focus({ focusVisible: false })
  }
  button.onpointermove = (event) => {
    if (stage.dragged === handle.name) move(stage, handle, fromPixels(stage, pixelOf(stage, event)))
  }
  button.onpointerup = button.onpointercancel = () => {
    button.classList.remove("dragged")
    if (stage.dragged === handle.name) release(stage, handle)
  }
  button.onkeydown = (event) => byKey(stage, handle, event)
  button.onkeyup = (event) => { if (event.key.startsWith("Arrow") && stage.unsent) release(stage, handle) }
  button.onblur = () => { if (stage.unsent && !stage.dragged) release(stage, handle) }
}
function byKey(stage, handle, event) {
  const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key]
  if (!by) return
  event.preventDefault()
  const { x, y } = stage.data, far = event.shiftKey ? 5 : 1, at = stage.at.get(handle.name)
  move(stage, handle, [x, y].map((axis, i) => {
    const step = handle.step[i]
    return step ? at[i] + by[i] * far * step : unscaled(axis, share(axis, at[i]) + (by[i] * far) / KEY_STEPS)
  }))
}
function move(stage, handle, to) {
  const before = stage.at.get(handle.name), { x, y } = stage.data
  const next = [x, y].map((axis, i) => {
    if (handle.along !== "xy" && handle.along !== "xy"[i]) return before[i]
    const [low, high] = bounds(stage, handle, axis, i)
    const step = handle.step[i]
    return within(step ? Math.round(to[i] / step) * step : to[i], low, high)
  })
  if (handle.follows >= 0) {
    const height = valueOf(pointsOf(stage, stage.data.lines[handle.follows]), next[0]) ?? next[1]
    next[1] = within(height, y.low, y.high) // where the line leaves the picture
  }
  stage.at.set(handle.name, next)
  stage.moved = stage.unsent = true
  soon(stage)
}
function bounds(stage, handle, axis, i) {
  if (i || !stage.data.ordered) return [axis.low, axis.high]
  const names = stage.data.handles.map(({ name }) => name), place = names.indexOf(handle.name)
  const side = (at, otherwise) => (names[at] === undefined ? otherwise : stage.at.get(names[at])[0])
  return [side(place - 1, axis.low), side(place + 1, axis.high)]
}
function release(stage, handle) {
  stage.dragged = null
  const [x, y] = stage.at.get(handle.name)
  if (stage.unsent) {
    stage.sent = Math.max(Date.now(), stage.sent + 1) // grows over reloads too, as the one that Python has kept
    stage.send({ name: handle.name, x, y, count: stage.sent })
  }
  stage.unsent = false
  soon(stage)
}
function placeHandles(stage) {
  for (const { name, along, colour } of stage.data.handles) {
    const at = stage.at.get(name), [left, top] = toPixels(stage, at), button = buttonOf(stage, name)
    button.style.left = `${left}px`
    button.style.top = `${top}px`
    button.style.setProperty("--ink", stage.ink(colour))
    button.setAttribute("aria-valuenow", spelt(at[along === "y" ? 1 : 0]))
    button.setAttribute("aria-valuetext", valueText(stage, along, at))
  }
}
function valueText(stage, along, at) {
  const { x, y, surface } = stage.data
  if (surface) return textAt(stage, at)
  return [x, y].map((axis, i) => onAxis(axis, at[i])).filter((text, i) => text && along.includes("xy"[i])).join(" · ")
}
function setPointer(stage) {
  stage.canvas.onpointermove = (event) => {
    if (event.pointerType !== "mouse" || stage.dragged) return
    const [a, b] = pixelOf(stage, event), { left, top, width, height } = stage.box
    const inside = stage.data.axes && a >= left && a <= left + width && b >= top && b <= top + height
    stage.pointer = inside ? fromPixels(stage, [a, b]) : null
    if (inside && stage.data.x.names.length) stage.pointer[0] = Math.round(stage.pointer[0])
    soon(stage)
  }
  stage.canvas.onpointerleave = () => { stage.pointer = null; soon(stage) }
}

// Playing a path

function setScrub(stage, newPaths) {
  const { paths, scrub, words } = stage.data
  const last = Math.max(0, ...paths.map(({ steps }) => steps.at(-1) ?? 0))
  if (newPaths) { stop(stage); stage.step = last }
  stage.scrub.hidden = !scrub || !last
  const steps = [...new Set(paths.flatMap((path) => path.steps))].sort((a, b) => a - b)
  const show = (place) => {
    stage.step = steps[within(place, 0, steps.length - 1)]
    soon(stage)
    label()
  }
  const place = () => steps.findIndex((step) => step >= stage.step)
  const label = () => {
    stage.range.value = place()
    stage.output.textContent = words.step.replace("{step}", stage.step).replace("{last}", last)
    stage.range.setAttribute("aria-valuetext", stage.output.textContent)
  }
  stage.range.max = steps.length - 1
  stage.range.setAttribute("aria-label", words.scrub)
  stage.range.oninput = () => { stop(stage); show(Number(stage.range.value)) }
  const play = stage.scrub.querySelector(".play"), back = stage.scrub.querySelector(".back"), on = stage.scrub.querySelector(".on")
  play.hidden = matchMedia("(prefers-reduced-motion: reduce)").matches
  play.textContent = "▶"
  play.setAttribute("aria-label", words.play)
  back.setAttribute("aria-label", words.back)
  on.setAttribute("aria-label", words.on)
  back.onclick = () => { stop(stage); show(place() - 1) }
  on.onclick = () => { stop(stage); show(place() + 1) }
  play.onclick = () => {
    if (stage.playing) return stop(stage)
    const from = stage.step >= last ? 0 : place(), begun = performance.now()
    play.textContent = "❚❚"
    const tick = (now) => {
      const at = from + Math.floor(((now - begun) / PLAY_MS) * steps.length)
      show(at)
      at >= steps.length - 1 ? stop(stage) : (stage.playing = requestAnimationFrame(tick))
    }
    stage.playing = requestAnimationFrame(tick)
  }
  label()
}
function stop(stage) {
  cancelAnimationFrame(stage.playing)
  stage.playing = 0
  stage.scrub.querySelector(".play").textContent = "▶"
}
