// The explorer: a map of tracks, and the neighbours of one of them in each respect.
// Its data are in data.js, as a page that is opened from a file may not fetch any. All names and
// tags are set as text, so that nothing in them becomes markup.
"use strict";

(function () {
  const data = window.TAGSPACE;
  const root = document.getElementById("explorer");
  root.classList.add("explorer");
  const PALETTE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8A4FBE"];
  const REST = "#999999"; // tracks with none of the most frequent tags
  const SHOWN = Number(root.dataset.shown || 10); // neighbours in a list
  const FOUND = 30; // tracks that the search box lists
  const REACH = 24; // pixels within which a click finds a point
  const tagsets = Object.keys(data.tracks[0] ? data.tracks[0].tags : {});
  const view = { scale: 1, x: 0, y: 0 }; // of the map
  let chosen = data.start;
  let colouredBy = tagsets[0];
  let colours = new Map();
  const audio = element("audio", { preload: "none" });
  let playing = -1;

  function element(name, properties, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(properties || {})) {
      if (key in made) made[key] = value;
      else made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  }

  // Controls

  const box = element("input", {
    type: "search", placeholder: "Search artist, title or tag", "aria-label": "Search tracks",
  });
  const found = element("ul", { className: "found", hidden: true, "aria-label": "Tracks found" });
  const chooseColour = element("select", { "aria-label": "Colour by" },
    ...tagsets.map((name) => element("option", { value: name }, name)));
  const oneEach = element("input", { type: "checkbox" });
  const otherArtists = element("input", { type: "checkbox", checked: true });
  const canvas = element("canvas", { tabIndex: 0, role: "img" });
  const legend = element("div", { className: "legend" });
  const query = element("div", { className: "query" });
  const lists = element("div", { className: "lists" });
  const said = element("p", { className: "unseen", "aria-live": "polite" });
  root.replaceChildren(
    element("div", { className: "controls" }, box,
      element("label", null, "Colour by ", chooseColour),
      element("label", null, otherArtists, " other artists only"),
      element("label", null, oneEach, " one per album"),
      found),
    element("div", { className: "stage" },
      element("div", null, canvas, legend, element("p", { className: "note" }, data.note)),
      element("div", null, query, lists)),
    said, audio);

  box.addEventListener("input", listFound);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeFound();
    if (event.key === "Enter" && found.firstChild) found.querySelector("button").click();
  });
  chooseColour.addEventListener("change", () => {
    colouredBy = chooseColour.value;
    colour();
    choose(chosen);
  });
  for (const control of [oneEach, otherArtists]) control.addEventListener("change", showLists);

  function listFound() {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = [];
    for (let row = 0; words.length && row < data.tracks.length && hits.length < FOUND; row++) {
      if (words.every((word) => searchable(row).includes(word))) hits.push(row);
    }
    found.replaceChildren(...hits.map((row) => {
      const button = element("button", { type: "button" }, title(row));
      button.addEventListener("click", () => { closeFound(); choose(row); });
      return element("li", null, button);
    }));
    found.hidden = !hits.length;
  }

  function closeFound() {
    box.value = "";
    found.hidden = true;
  }

  function searchable(row) {
    const track = data.tracks[row];
    const tags = Object.values(track.tags).flat();
    return [track.artist, track.title, track.album, ...tags].join(" ").toLowerCase();
  }

  function title(row) {
    const track = data.tracks[row];
    return track.artist ? `${track.artist}: ${track.title}` : track.title;
  }

  // The chosen track and its neighbours

  function choose(row) {
    chosen = row;
    query.replaceChildren(playButton(row), " ", element("strong", null, title(row)), " ", tagsOf(row));
    said.textContent = `${title(row)}, neighbours shown`;
    canvas.setAttribute("aria-label",
      `Map of ${data.tracks.length} tracks; ${title(row)} is chosen; arrow keys go to the next track`);
    showLists();
    draw();
  }

  function showLists() {
    lists.replaceChildren(...Object.entries(data.neighbours).map(([name, all]) => {
      const items = kept(all[chosen]).map(([row, percentile]) => {
        const button = element("button", { type: "button", className: "track" }, title(row));
        button.addEventListener("click", () => choose(row));
        return element("li", null, playButton(row), button,
          element("span", { className: "score", title: "nearer than this share of all pairs" },
            `${percentile.toFixed(1)} %`),
          tagsOf(row, chosen));
      });
      return element("section", null, element("h2", null, name.replaceAll("_", " ")), element("ol", null, ...items));
    }));
  }

  function kept(neighbours) {
    const albums = new Set([data.tracks[chosen].album]);
    return neighbours.filter(([row]) => {
      const track = data.tracks[row];
      if (otherArtists.checked && track.artist && track.artist === data.tracks[chosen].artist) return false;
      if (!oneEach.checked || !track.album) return true;
      if (albums.has(track.album)) return false;
      albums.add(track.album);
      return true;
    }).slice(0, SHOWN);
  }

  function tagsOf(row, other) {
    const line = element("span", { className: "tags" });
    for (const [tagset, tags] of Object.entries(data.tracks[row].tags)) {
      if (data.predicted.includes(tagset) && tagset !== colouredBy) continue;
      const shared = other === undefined ? [] : data.tracks[other].tags[tagset];
      for (const tag of tags) {
        line.append(line.childNodes.length ? ", " : "",
          shared.includes(tag) ? element("mark", null, tag) : tag);
      }
    }
    return line;
  }

  // Sound: one player, loaded when it is asked for

  function playButton(row) {
    const button = element("button", { type: "button", className: "play" });
    button.dataset.row = row;
    button.addEventListener("click", () => play(row));
    mark(button);
    return button;
  }

  function play(row) {
    if (playing === row) {
      audio.pause();
      playing = -1;
    } else {
      audio.src = new URL(data.tracks[row].audio, data.base);
      audio.currentTime = 0;
      playing = row;
      audio.play().catch(() => {
        said.textContent = `${title(row)} cannot be played`;
        playing = -1;
        root.querySelectorAll(".play").forEach(mark);
      });
    }
    root.querySelectorAll(".play").forEach(mark);
  }

  audio.addEventListener("ended", () => {
    playing = -1;
    root.querySelectorAll(".play").forEach(mark);
  });

  function mark(button) {
    const row = Number(button.dataset.row);
    const plays = row === playing;
    button.setAttribute("aria-pressed", plays);
    button.setAttribute("aria-label", `${plays ? "Stop" : "Play"} ${title(row)}`);
    button.textContent = plays ? "\u25A0" : "\u25B6";
  }

  // The map

  function colour() {
    const counts = new Map();
    for (const track of data.tracks) {
      for (const tag of track.tags[colouredBy] || []) counts.set(tag, (counts.get(tag) || 0) + 1);
    }
    const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, PALETTE.length);
    colours = new Map(most.map(([tag], number) => [tag, PALETTE[number]]));
    const entries = [...colours, ["others", REST]].map(([tag, shade]) => {
      const entry = element("span", null, tag);
      entry.style.setProperty("--colour", shade);
      return entry;
    });
    legend.replaceChildren(...entries);
    draw();
  }

  function place(row) {
    const [x, y] = data.places[row]; // from 0 to 1
    const margin = 16;
    const size = { x: canvas.clientWidth - 2 * margin, y: canvas.clientHeight - 2 * margin };
    return {
      x: margin + size.x * (0.5 + (x - 0.5) * view.scale + view.x),
      y: margin + size.y * (0.5 + (y - 0.5) * view.scale + view.y),
    };
  }

  function draw() {
    const ratio = window.devicePixelRatio || 1;
    canvas.width = canvas.clientWidth * ratio;
    canvas.height = canvas.clientHeight * ratio;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const size = data.tracks.length > 1500 ? 2.5 : 4;
    for (let row = 0; row < data.tracks.length; row++) {
      const tag = (data.tracks[row].tags[colouredBy] || []).find((each) => colours.has(each));
      pen.fillStyle = tag ? colours.get(tag) : REST;
      const { x, y } = place(row);
      pen.beginPath();
      pen.arc(x, y, size, 0, 2 * Math.PI);
      pen.fill();
    }
    const { x, y } = place(chosen);
    pen.strokeStyle = getComputedStyle(canvas).color;
    pen.lineWidth = 3;
    pen.beginPath();
    pen.arc(x, y, size + 5, 0, 2 * Math.PI);
    pen.stroke();
  }

  function nearest(x, y, isCandidate, cost) {
    let best = -1;
    let least = Infinity;
    for (let row = 0; row < data.tracks.length; row++) {
      const point = place(row);
      const [dx, dy] = [point.x - x, point.y - y];
      if (isCandidate(row, dx, dy) && cost(dx, dy) < least) {
        least = cost(dx, dy);
        best = row;
      }
    }
    return best;
  }

  let grabbed = null;
  canvas.addEventListener("pointerdown", (event) => {
    grabbed = { x: event.offsetX, y: event.offsetY, from: { ...view }, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!grabbed) return;
    const [dx, dy] = [event.offsetX - grabbed.x, event.offsetY - grabbed.y];
    grabbed.moved = grabbed.moved || Math.hypot(dx, dy) > 5;
    if (grabbed.moved) {
      view.x = grabbed.from.x + dx / canvas.clientWidth;
      view.y = grabbed.from.y + dy / canvas.clientHeight;
      draw();
    }
  });
  canvas.addEventListener("pointerup", (event) => {
    if (grabbed && !grabbed.moved) {
      const within = (row, dx, dy) => Math.hypot(dx, dy) < REACH;
      const row = nearest(event.offsetX, event.offsetY, within, Math.hypot);
      if (row >= 0) choose(row);
    }
    grabbed = null;
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const factor = Math.exp(-event.deltaY / 400);
    view.scale = Math.min(Math.max(view.scale * factor, 1), 20);
    if (view.scale === 1) view.x = view.y = 0;
    draw();
  }, { passive: false });

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  canvas.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    if (!arrow) return;
    event.preventDefault();
    const { x, y } = place(chosen);
    const along = (dx, dy) => dx * arrow[0] + dy * arrow[1];
    const across = (dx, dy) => Math.abs(dx * arrow[1]) + Math.abs(dy * arrow[0]);
    const ahead = (row, dx, dy) => row !== chosen && along(dx, dy) > across(dx, dy);
    const row = nearest(x, y, ahead, (dx, dy) => along(dx, dy) + 2 * across(dx, dy));
    if (row >= 0) choose(row);
  });
  new ResizeObserver(draw).observe(canvas);

  colour();
  choose(chosen);
})();
