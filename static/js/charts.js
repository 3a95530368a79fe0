// Charts draw the numbers of the tables on the page, so that the two cannot disagree. Without this script the tables
// stand alone. Colours are those of the page: blue and orange, told apart by shape and dash too.
(() => {
  "use strict";

  const MOST_ROWS = 15;
  const drawn = new Map();

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const rowsOf = (id) => [...document.querySelectorAll(`#${CSS.escape(id)} tbody tr[data-label]`)].map((row) => ({
    label: row.dataset.label,
    items: Number(row.dataset.items),
    rate: row.dataset.rate === undefined ? null : Number(row.dataset.rate),
    low: Number(row.dataset.low),
    high: Number(row.dataset.high),
    few: "few" in row.dataset,
    first: Number(row.dataset.first),
    second: Number(row.dataset.second),
  }));
  const short = (label) => (label.length > 34 ? `${label.slice(0, 33)}…` : label);

  // The interval of each rate as a line with ends.
  const whiskers = {
    id: "whiskers",
    afterDatasetsDraw(chart, _args, options) {
      if (!options.rows) return;
      const { ctx, scales: { x } } = chart;
      ctx.save();
      ctx.strokeStyle = colour("--text");
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
    grid: { color: colour("--line") },
    ticks: { color: colour("--text-quiet") },
    border: { color: colour("--line-strong") },
    ...more,
  });
  const titled = (text) => ({ display: true, text, color: colour("--text-quiet") });
  const common = () => ({
    animation: false,
    maintainAspectRatio: false,
    plugins: { legend: { labels: { color: colour("--text") } } },
  });

  function bars(rows, value, label, fill, extra = {}) {
    const options = common();
    options.indexAxis = "y";
    options.plugins.legend.display = false;
    options.plugins.whiskers = extra.rows ? { rows: extra.rows } : {};
    options.plugins.tooltip = { callbacks: { label: extra.tell } };
    options.scales = {
      x: axis({ beginAtZero: true, title: titled(label), suggestedMax: extra.most }),
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
    items: (rows) => bars(rows.slice(0, MOST_ROWS), (row) => row.items, "items", colour("--upheld-line"), {
      edge: colour("--upheld"),
      tell: (point) => `${point.raw.toLocaleString()} items`,
    }),
    rates(rows) {
      const shown = rows.slice(0, MOST_ROWS);
      const fills = shown.map((row) => colour(row.few ? "--surface-quiet" : "--overturned-line"));
      return bars(shown, (row) => row.rate, "percent overturned", fills, {
        rows: shown,
        edge: colour("--overturned"),
        most: Math.min(100, Math.max(10, ...shown.filter((row) => row.rate !== null).map((row) => row.high))),
        tell(point) {
          const row = shown[point.dataIndex];
          return `${row.rate.toFixed(1)}% [${row.low.toFixed(1)} to ${row.high.toFixed(1)}]${row.few ? ", few items" : ""}`;
        },
      });
    },
    trend(rows) {
      const options = common();
      // Letters without a date have a bar and a point of their own, which no line leads to.
      const apart = (context) => (rows[context.p1DataIndex].label === "No date" ? "transparent" : undefined);
      const line = {
        yAxisID: "rate", type: "line", spanGaps: false, pointRadius: 0, borderWidth: 0,
        segment: { borderColor: apart, backgroundColor: apart },
      };
      const dated = (name) => rows.map((row) => (row.rate === null ? null : row[name]));
      options.interaction = { mode: "index", intersect: false };
      options.plugins.legend.labels.filter = (entry) => !entry.text.startsWith("interval");
      options.scales = {
        x: axis({ grid: { display: false } }),
        y: axis({ beginAtZero: true, title: titled("items") }),
        rate: axis({
          position: "right", beginAtZero: true, title: titled("percent overturned"), grid: { display: false },
          max: Math.min(100, Math.ceil(2 * Math.max(5, ...dated("rate").filter((rate) => rate !== null)))),
        }),
      };
      return {
        type: "bar",
        data: {
          labels: rows.map((row) => row.label),
          datasets: [
            { ...line, label: "overturned, percent", data: dated("rate"), borderColor: colour("--overturned"), borderWidth: 2, pointRadius: 2, pointStyle: "rectRot", backgroundColor: colour("--overturned") },
            { ...line, label: "interval from", data: dated("low") },
            { ...line, label: "interval to", data: dated("high"), backgroundColor: `${colour("--overturned")}2e`, fill: "-1" },
            { label: "items", data: rows.map((row) => row.items), backgroundColor: colour("--upheld-line"), order: 2 },
          ],
        },
        options,
      };
    },
    sides(rows, names) {
      const options = common();
      options.scales = { x: axis({ grid: { display: false } }), y: axis({ beginAtZero: true, title: titled("items") }) };
      return {
        type: "bar",
        data: {
          labels: rows.map((row) => short(row.label)),
          datasets: [
            { label: names[0], data: rows.map((row) => row.first), backgroundColor: colour("--upheld-line"), borderColor: colour("--upheld"), borderWidth: 1 },
            { label: names[1], data: rows.map((row) => row.second), backgroundColor: colour("--overturned-line"), borderColor: colour("--overturned"), borderWidth: 1 },
          ],
        },
        options,
      };
    },
    "sides-trend"(rows, names) {
      const chart = kinds.sides(rows, names);
      chart.type = "line";
      chart.data.datasets.forEach((dataset, at) => Object.assign(dataset, {
        backgroundColor: dataset.borderColor, borderWidth: 2, pointRadius: 2, pointStyle: at ? "rectRot" : "rect",
        borderDash: at ? [6, 3] : [],
      }));
      return chart;
    },
  };

  function draw(figure) {
    drawn.get(figure)?.destroy();
    const rows = rowsOf(figure.dataset.of);
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

  function save(figure) {
    const canvas = figure.querySelector("canvas");
    const copy = document.createElement("canvas");
    copy.width = canvas.width;
    copy.height = canvas.height;
    const context = copy.getContext("2d");
    context.fillStyle = colour("--surface");
    context.fillRect(0, 0, copy.width, copy.height);
    context.drawImage(canvas, 0, 0);
    copy.toBlob((blob) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `${document.title.split(" · ")[0]} ${figure.dataset.chart}.png`.toLowerCase().replaceAll(" ", "-");
      link.click();
      URL.revokeObjectURL(link.href);
    }, "image/png");
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-save-chart]");
    if (button) save(button.closest("figure"));
    if (event.target.closest("[data-print]")) window.print();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  // On paper the page turns black on white: the charts follow, and fit the sheet.
  addEventListener("beforeprint", () => drawn.forEach((chart) => chart.resize()));
  addEventListener("afterprint", () => drawn.forEach((chart) => chart.resize()));
  drawAll();
})();
