// Charts draw the numbers of the tables on the page, so the two cannot disagree. Without JavaScript the tables remain.
// Colors are those of the page: blue and orange, which differ in shape and dash as well.
(() => {
  "use strict";

  const MOST_ROWS = 15;
  const drawn = new Map();

  // The page's colors on paper, in light and dark mode alike.
  const PAPER = {
    "--surface": "#ffffff", "--surface-quiet": "#efefeb", "--line": "#dfdfd9", "--line-strong": "#84847c", "--text": "#000000",
    "--text-quiet": "#333333", "--upheld": "#1d4d9e", "--upheld-line": "#a9c1ec", "--overturned": "#934400", "--overturned-line": "#e8b98a",
  };
  const PAPER_SIZE = [640, 220];
  let onPaper = false;

  const color = (name) => (onPaper && PAPER[name]) || getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  // A chart over time cannot show items without a date; the page lists them in a sentence.
  const rowsOf = (id, dated) => [...document.querySelectorAll(`#${CSS.escape(id)} tbody tr[data-label]${dated ? ":not([data-undated])" : ""}`)].map((row) => ({
    label: row.dataset.label,
    items: Number(row.dataset.items),
    rate: row.dataset.rate === undefined ? null : Number(row.dataset.rate),
    low: Number(row.dataset.low),
    high: Number(row.dataset.high),
    few: "few" in row.dataset,
    first: Number(row.dataset.first),
    second: Number(row.dataset.second),
  }));
  const short = (label) => {
    const most = innerWidth < 600 ? 20 : 34;  // leaves room for the bars on phones
    return label.length > most ? `${label.slice(0, most - 1)}…` : label;
  };
  // Wraps a label so that it does not have to be rotated.
  const inLines = (label) => short(label).split(" ").reduce((lines, word) => {
    const last = lines.length - 1;
    if (last >= 0 && lines[last].length + word.length < 12) lines[last] += ` ${word}`;
    else lines.push(word);
    return lines;
  }, []);

  // Draws the interval of every rate as a line with end caps.
  const whiskers = {
    id: "whiskers",
    afterDatasetsDraw(chart, _args, options) {
      if (!options.rows) return;
      const { ctx, scales: { x } } = chart;
      ctx.save();
      ctx.strokeStyle = color("--text");
      ctx.lineWidth = 1;
      chart.getDatasetMeta(0).data.forEach((bar, at) => {
        const row = options.rows[at];
        if (row.rate === null) return;
        const [from, to, y] = [x.getPixelForValue(row.low), x.getPixelForValue(Math.min(row.high, x.max)), bar.y];
        ctx.beginPath();
        ctx.moveTo(from, y);
        ctx.lineTo(to, y);
        ctx.moveTo(from, y - 4);
        ctx.lineTo(from, y + 4);
        ctx.moveTo(to, y - 4);
        ctx.lineTo(to, y + 4);
        ctx.stroke();
      });
      ctx.restore();
    },
  };

  const axis = (more = {}) => ({
    grid: { color: color("--line") },
    ticks: { color: color("--text-quiet"), precision: 0 },
    border: { color: color("--line-strong") },
    ...more,
  });
  const level = () => ({ color: color("--text-quiet"), precision: 0, maxRotation: 0, autoSkipPadding: 16 });
  const titled = (text) => ({ display: true, text, color: color("--text-quiet") });
  const common = () => ({
    animation: false,
    maintainAspectRatio: false,
    plugins: { legend: { labels: { color: color("--text") } } },
  });

  function bars(rows, value, label, fill, extra = {}) {
    const options = common();
    options.indexAxis = "y";
    options.plugins.legend.display = false;
    options.plugins.whiskers = extra.rows ? { rows: extra.rows } : {};
    options.plugins.tooltip = { callbacks: { label: extra.tell } };
    options.scales = {
      x: axis({ beginAtZero: true, title: titled(label), suggestedMax: extra.most, ticks: level() }),
      y: axis({ grid: { display: false } }),
    };
    return {
      type: "bar",
      plugins: extra.rows ? [whiskers] : [],
      data: {
        labels: rows.map((row) => short(row.label)),
        datasets: [{ data: rows.map(value), backgroundColor: fill, borderColor: extra.edge, borderWidth: 1 }],
      },
      options,
    };
  }

  const kinds = {
    items: (rows) => bars(rows.slice(0, MOST_ROWS), (row) => row.items, "items", color("--upheld-line"), {
      edge: color("--upheld"),
      tell: (point) => `${point.raw.toLocaleString()} items`,
    }),
    rates(rows) {
      const shown = rows.slice(0, MOST_ROWS);
      const fills = shown.map((row) => color(row.few ? "--surface-quiet" : "--overturned-line"));
      return bars(shown, (row) => row.rate, "percent overturned", fills, {
        rows: shown,
        edge: color("--overturned"),
        most: Math.min(100, Math.max(10, ...shown.filter((row) => row.rate !== null).map((row) => row.high))),
        tell(point) {
          const row = shown[point.dataIndex];
          return `${row.rate.toFixed(1)}% [${row.low.toFixed(1)} to ${row.high.toFixed(1)}]${row.few ? ", too few items" : ""}`;
        },
      });
    },
    trend(rows) {
      const options = common();
      const line = { yAxisID: "rate", type: "line", spanGaps: false, pointRadius: 0, borderWidth: 0 };
      // No line through periods with too few items: their rates are in the table, grayed out.
      const dated = (name) => rows.map((row) => (row.rate === null || row.few ? null : row[name]));
      options.interaction = { mode: "index", intersect: false };
      options.plugins.legend.labels.filter = (entry) => !entry.text.startsWith("interval");
      options.scales = {
        x: axis({ grid: { display: false }, ticks: level() }),
        y: axis({ beginAtZero: true, title: titled("items") }),
      };
      const datasets = [{ label: "items", data: rows.map((row) => row.items), backgroundColor: color("--upheld-line"), order: 2 }];
      const highest = dated("high").filter((high) => high !== null);
      if (highest.length) {
        options.scales.rate = axis({
          position: "right", beginAtZero: true, title: titled("percent overturned"), grid: { display: false },
          // High enough for the highest interval, so that no band is cut off.
          suggestedMax: Math.min(100, Math.max(10, ...highest)),
        });
        datasets.unshift(
          { ...line, label: "overturned, percent", data: dated("rate"), borderColor: color("--overturned"), borderWidth: 2, pointRadius: 2, pointStyle: "rectRot", backgroundColor: color("--overturned") },
          { ...line, label: "interval from", data: dated("low") },
          { ...line, label: "interval to", data: dated("high"), backgroundColor: `${color("--overturned")}2e`, fill: "-1" },
        );
      }
      return { type: "bar", data: { labels: rows.map((row) => row.label), datasets }, options };
    },
    sides(rows, names) {
      const options = common();
      options.scales = { x: axis({ grid: { display: false } }), y: axis({ beginAtZero: true, title: titled("items") }) };
      return {
        type: "bar",
        data: {
          labels: rows.map((row) => inLines(row.label)),
          datasets: [
            { label: names[0], data: rows.map((row) => row.first), backgroundColor: color("--upheld-line"), borderColor: color("--upheld"), borderWidth: 1 },
            { label: names[1], data: rows.map((row) => row.second), backgroundColor: color("--overturned-line"), borderColor: color("--overturned"), borderWidth: 1 },
          ],
        },
        options,
      };
    },
    "sides-trend"(rows, names) {
      const chart = kinds.sides(rows, names);
      chart.type = "line";
      chart.data.labels = rows.map((row) => short(row.label));
      chart.data.datasets.forEach((dataset, at) => Object.assign(dataset, {
        backgroundColor: dataset.borderColor, borderWidth: 2, pointRadius: 2, pointStyle: at ? "rectRot" : "rect",
        borderDash: at ? [6, 3] : [],
      }));
      chart.options.scales.x.ticks = level();
      return chart;
    },
  };

  function draw(figure) {
    drawn.get(figure)?.destroy();
    const rows = rowsOf(figure.dataset.of, figure.dataset.chart.endsWith("trend"));
    const make = kinds[figure.dataset.chart];
    if (!rows.length || !make) {
      figure.hidden = true;
      return;
    }
    if (["items", "rates"].includes(figure.dataset.chart)) {
      figure.querySelector(".chart-frame").style.height = `${80 + 22 * Math.min(rows.length, MOST_ROWS)}px`;
    }
    drawn.set(figure, new Chart(figure.querySelector("canvas"), make(rows, (figure.dataset.sides || "").split("|"))));
  }

  function drawAll() {
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    document.querySelectorAll("figure[data-chart]").forEach(draw);
  }

  function download(figure, kind, blob) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${document.title.split(" · ")[0]} ${figure.dataset.chart}.${kind}`.toLowerCase().replaceAll(" ", "-");
    link.click();
    URL.revokeObjectURL(link.href);
  }

  function savePng(figure) {
    const canvas = figure.querySelector("canvas");
    const copy = document.createElement("canvas");
    copy.width = canvas.width;
    copy.height = canvas.height;
    const context = copy.getContext("2d");
    context.fillStyle = color("--surface");
    context.fillRect(0, 0, copy.width, copy.height);
    context.drawImage(canvas, 0, 0);
    copy.toBlob((blob) => download(figure, "png", blob), "image/png");
  }

  // Chart.js only draws on a canvas; this draws the same shapes at the same positions as SVG.
  function svgOf(chart, title) {
    const space = "http://www.w3.org/2000/svg";
    const round = (number) => Math.round(number * 100) / 100;
    const add = (to, name, attributes, text) => {
      const element = document.createElementNS(space, name);
      Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, typeof value === "number" ? round(value) : value));
      if (text !== undefined) element.textContent = text;
      to.append(element);
      return element;
    };
    const { width, height } = chart;
    const above = 28;
    const svg = document.createElementNS(space, "svg");
    Object.entries({ xmlns: space, width, height: height + above, viewBox: `0 ${-above} ${width} ${height + above}`, "font-family": Chart.defaults.font.family, "font-size": 12 }).forEach(([key, value]) => svg.setAttribute(key, value));
    add(svg, "title", {}, title);
    add(svg, "rect", { x: 0, y: -above, width, height: height + above, fill: color("--surface") });
    add(svg, "text", { x: 4, y: -9, fill: color("--text"), "font-weight": 600 }, title);
    const area = chart.chartArea;
    Object.values(chart.scales).forEach((scale) => {
      const level = scale.isHorizontal();
      scale.ticks.forEach((tick, at) => {
        const place = scale.getPixelForTick(at);
        const lines = [].concat(tick.label);
        const label = lines.join(" ");
        if (scale.options.grid.display !== false) add(svg, "line", level ? { x1: place, x2: place, y1: area.top, y2: area.bottom, stroke: color("--line") } : { x1: area.left, x2: area.right, y1: place, y2: place, stroke: color("--line") });
        if (!label) return;
        if (level) {
          const rotated = scale.labelRotation > 0 ? { transform: `rotate(${-round(scale.labelRotation)} ${round(place)} ${round(area.bottom + 14)})`, "text-anchor": "end" } : { "text-anchor": "middle" };
          if (scale.labelRotation > 0) add(svg, "text", { x: place, y: area.bottom + 14, fill: color("--text-quiet"), ...rotated }, label);
          else lines.forEach((line, row) => add(svg, "text", { x: place, y: area.bottom + 16 + 14 * row, fill: color("--text-quiet"), ...rotated }, line));
        } else {
          const right = scale.position === "right";
          add(svg, "text", { x: right ? area.right + 6 : area.left - 6, y: place + 4, fill: color("--text-quiet"), "text-anchor": right ? "start" : "end" }, label);
        }
      });
      const axisTitle = scale.options.title;
      if (axisTitle && axisTitle.display) {
        const [x, y] = level ? [(area.left + area.right) / 2, scale.bottom - 3] : [scale.position === "right" ? scale.right - 3 : scale.left + 11, (area.top + area.bottom) / 2];
        add(svg, "text", { x, y, fill: color("--text-quiet"), "text-anchor": "middle", ...(level ? {} : { transform: `rotate(-90 ${round(x)} ${round(y)})` }) }, axisTitle.text);
      }
    });
    const metas = chart.getSortedVisibleDatasetMetas().toReversed();  // in drawing order: the first is on top
    const line = (points) => points.map((point, at) => `${at ? "L" : "M"}${round(point.x)} ${round(point.y)}`).join("");
    // The runs of points without a gap: a line ends where there is none.
    const runs = (points) => points.reduce((all, point, at) => {
      if (point.skip) return all;
      if (!at || points[at - 1].skip) all.push([]);
      all.at(-1).push(point);
      return all;
    }, []);
    metas.forEach((meta) => {
      const dataset = chart.data.datasets[meta.index];
      if (meta.type === "bar") {
        meta.data.forEach((bar) => {
          const { x, y, base, width: wide, height: high, options } = bar;
          if (![x, y, base].every(Number.isFinite)) return;
          const box = bar.horizontal ? { x: Math.min(base, x), y: y - high / 2, width: Math.abs(x - base), height: high } : { x: x - wide / 2, y: Math.min(base, y), width: wide, height: Math.abs(y - base) };
          add(svg, "rect", { ...box, fill: options.backgroundColor, stroke: options.borderColor && options.borderWidth ? options.borderColor : "none" });
        });
        return;
      }
      const below = dataset.fill ? chart.getDatasetMeta(meta.index - 1).data : [];
      runs(meta.data).forEach((points) => {
        if (dataset.fill) {
          const under = points.map((point) => below[meta.data.indexOf(point)]);
          add(svg, "path", { d: `${line(points)}${line(under.toReversed()).replace("M", "L")}Z`, fill: dataset.backgroundColor });
        }
        if (dataset.borderWidth) add(svg, "path", { d: line(points), fill: "none", stroke: dataset.borderColor, "stroke-width": dataset.borderWidth, "stroke-dasharray": (dataset.borderDash || []).join(" ") });
        if (dataset.pointRadius) points.forEach((point) => add(svg, "circle", { cx: point.x, cy: point.y, r: dataset.pointRadius, fill: dataset.borderColor }));
      });
    });
    const rated = chart.options.plugins.whiskers && chart.options.plugins.whiskers.rows;
    if (rated) {
      chart.getDatasetMeta(0).data.forEach((bar, at) => {
        const row = rated[at];
        if (row.rate === null) return;
        const [from, to] = [chart.scales.x.getPixelForValue(row.low), chart.scales.x.getPixelForValue(Math.min(row.high, chart.scales.x.max))];
        add(svg, "path", { d: `M${round(from)} ${round(bar.y)}H${round(to)}M${round(from)} ${round(bar.y - 4)}v8M${round(to)} ${round(bar.y - 4)}v8`, stroke: color("--text") });
      });
    }
    if (chart.legend && chart.legend.options.display !== false) {
      (chart.legend.legendItems || []).forEach((entry, at) => {
        const box = chart.legend.legendHitBoxes[at];
        add(svg, "rect", { x: box.left, y: box.top + 2, width: 24, height: 9, fill: entry.fillStyle, stroke: entry.strokeStyle || "none" });
        add(svg, "text", { x: box.left + 30, y: box.top + 11, fill: color("--text") }, entry.text);
      });
    }
    return new XMLSerializer().serializeToString(svg);
  }

  function saveSvg(figure) {
    const title = figure.querySelector("figcaption span").textContent;
    download(figure, "svg", new Blob([svgOf(drawn.get(figure), title)], { type: "image/svg+xml" }));
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-save-chart]");
    if (button) ({ png: savePng, svg: saveSvg })[button.dataset.saveChart](button.closest("figure"));
    if (event.target.closest("[data-print]")) window.print();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  // For printing, charts switch to the paper colors and fit the page.
  addEventListener("beforeprint", () => {
    onPaper = true;
    drawAll();
    drawn.forEach((chart) => chart.resize(...PAPER_SIZE));
  });
  addEventListener("afterprint", () => {
    onPaper = false;
    drawAll();
  });
  drawAll();
})();
