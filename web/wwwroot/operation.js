// Draws the charts of an operation from the tables beside them. Without it the tables say it all.
const charts = new Map();
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const cells = (id) => [...document.querySelectorAll(`#${id} tbody tr`)].map((row) => [...row.children]);
const value = (cell) => (cell.dataset.v ? Number(cell.dataset.v) : null);
const text = (cell) => cell.textContent.trim();

const frame = () => ({
  animation: false,
  textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: colour('muted') },
  tooltip: {
    trigger: 'axis', renderMode: 'richText', confine: true, backgroundColor: colour('surface'), borderColor: colour('border'), padding: 8,
    textStyle: { color: colour('text'), fontSize: 12 }, axisPointer: { type: 'line', lineStyle: { color: colour('control') } },
  },
});
const ruled = (more) => ({
  axisLine: { show: false }, axisTick: { show: false }, axisLabel: { color: colour('muted'), fontSize: 11 }, splitLine: { lineStyle: { color: colour('border') } },
  nameTextStyle: { color: colour('muted'), fontSize: 11, align: 'left' }, ...more,
});
const named = (labels, more) => ({
  type: 'category', data: labels, axisLine: { lineStyle: { color: colour('control') } }, axisTick: { show: false }, axisLabel: { color: colour('muted'), fontSize: 11, hideOverlap: true }, ...more,
});

// Points that are there; a line leads from one to the next over steps without a run.
const points = (rows, at) => rows.map((row, i) => [i, at(row)]).filter(([, y]) => y !== null);

const rule = 'path://M8,0h1v9h-1z';
const dashes = 'path://M0,4h4v1h-4zM7,4h4v1h-4zM14,4h4v1h-4z';

const dots3 = 'path://M8,0h2v2h-2zM8,4h2v2h-2zM8,8h2v2h-2z';

// Where there is little room the legend has lines of its own.
const legend = (place, data, side = place.clientWidth < 560 ? 'left' : 'right') => ({
  top: 0, [side]: 0, itemWidth: 18, itemHeight: 9, itemGap: 8, textStyle: { color: colour('muted'), fontSize: 12 }, data, selectedMode: false,
});

const trend = (place) => {
  const rows = cells('trend'), labels = rows.map((row) => text(row[0]));
  const ticks = place.dataset.ticks.split('|'), step = Number(place.dataset.step);
  const p50 = points(rows, (row) => value(row[6])), dots = p50.length > 60 ? 0 : p50.length > 2 ? 4 : 7;
  const deploys = rows.flatMap((row, i) => (row[9] && value(row[9]) ? [{ xAxis: i }] : []));
  const changed = rows.flatMap((row, i) => (row[0].parentElement.dataset.changed ? [{ xAxis: i }] : []));
  const down = place.clientWidth >= 560 ? 0 : place.clientWidth < 400 && changed.length ? 50 : 24;
  const bar = (name, column, color) => ({ name, type: 'bar', stack: 'runs', xAxisIndex: 1, yAxisIndex: 1, barMaxWidth: 20, data: rows.map((row) => value(row[column])), itemStyle: { color, opacity: name === 'failed' ? 1 : 0.6 } });
  return {
    ...frame(),
    legend: legend(place, ['p50', { name: 'p50 to p95', icon: 'rect' }, { name: 'p50 before', icon: dashes }, ...(deploys.length ? [{ name: 'deploys', icon: rule }] : []), ...(changed.length ? [{ name: 'changed', icon: dots3 }] : []), 'failed runs', 'success', 'cancelled']),
    grid: [{ left: 64, right: 12, top: 40 + down, height: 176 - down }, { left: 64, right: 12, top: 256, height: 72 }],
    axisPointer: { link: [{ xAxisIndex: 'all' }] },
    xAxis: [named(labels, { axisLabel: { show: false } }), named(labels, { gridIndex: 1 })],
    yAxis: [
      ruled({ type: 'value', name: 'duration', min: 0, max: step * (ticks.length - 1), interval: step, axisLabel: { color: colour('muted'), fontSize: 11, formatter: (y) => ticks[Math.round(y / step)] } }),
      ruled({ type: 'value', name: 'finished runs', gridIndex: 1, min: 0, minInterval: 1, splitNumber: 2 }),
    ],
    tooltip: {
      ...frame().tooltip,
      formatter: (at) => {
        const row = rows[labels.indexOf(at[0].axisValue)];
        return [text(row[0]), `p50 ${text(row[6])}, p95 ${text(row[7])}`, `p50 before ${text(row[8])}`, `${text(row[1])} finished: ${text(row[2])} success, ${text(row[3])} failed, ${text(row[4])} cancelled`,
          ...(row[9] && value(row[9]) ? [`deployed: ${row[9].title}`] : [])].join('\n');
      },
    },
    series: [
      { name: 'foot', type: 'line', stack: 'band', symbol: 'none', lineStyle: { opacity: 0 }, data: p50, silent: true },
      { name: 'p50 to p95', type: 'line', stack: 'band', symbol: 'none', lineStyle: { opacity: 0 }, itemStyle: { color: colour('accent'), opacity: 0.3 }, areaStyle: { color: colour('accent'), opacity: 0.16 },
        data: points(rows, (row) => (value(row[7]) === null ? null : value(row[7]) - value(row[6]))), silent: true },
      { name: 'p50 before', type: 'line', symbol: 'none', lineStyle: { type: 'dashed', width: 1, color: colour('muted') }, itemStyle: { color: colour('muted') }, data: points(rows, (row) => value(row[8])) },
      { name: 'p50', type: 'line', symbol: 'circle', symbolSize: dots, lineStyle: { width: 2, color: colour('accent') }, itemStyle: { color: colour('accent') }, data: p50 },
      { name: 'deploys', type: 'line', data: [], itemStyle: { color: colour('text') },
        markLine: { silent: true, symbol: 'none', label: { show: false }, lineStyle: { type: 'solid', width: 1, color: colour('text'), opacity: 0.22 }, data: deploys } },
      { name: 'changed', type: 'line', data: [], itemStyle: { color: colour('warn') },
        markLine: { silent: true, symbol: 'none', label: { show: false }, lineStyle: { type: 'dotted', width: 2, color: colour('warn') }, data: changed } },
      { name: 'failed runs', type: 'scatter', symbol: 'path://M0,0L2,0L5,3L8,0L10,0L10,2L7,5L10,8L10,10L8,10L5,7L2,10L0,10L0,8L3,5L0,2Z', symbolSize: 8, clip: false, itemStyle: { color: colour('bad') },
        data: points(rows, (row) => (value(row[3]) ? 0 : null)) },
      bar('failed', 3, colour('bad')), bar('success', 2, colour('ok')), bar('cancelled', 4, colour('off')),
    ],
  };
};

const distribution = (place) => {
  const rows = cells('distribution'), labels = rows.map((row) => text(row[0]));
  return {
    ...frame(),
    legend: legend(place, ['runs', { name: 'before', icon: dashes }], 'right'),
    grid: { left: 44, right: 16, top: 40, bottom: 28 },
    xAxis: named(labels, { name: '', axisLabel: { color: colour('muted'), fontSize: 11, hideOverlap: true, interval: Math.max(0, Math.ceil(labels.length / 7) - 1), align: 'left' } }),
    yAxis: ruled({ type: 'value', name: 'runs', min: 0, minInterval: 1, splitNumber: 3 }),
    tooltip: {
      ...frame().tooltip,
      formatter: ([{ dataIndex: i }]) => `${text(rows[i][0])} to ${text(rows[i][1])}\n${text(rows[i][2])} runs, ${text(rows[i][3])} before`,
    },
    series: [
      { name: 'runs', type: 'bar', barCategoryGap: '8%', data: rows.map((row) => value(row[2])), itemStyle: { color: colour('accent'), opacity: 0.7 } },
      { name: 'before', type: 'line', step: 'middle', symbol: 'none', lineStyle: { width: 1, type: 'dashed', color: colour('text') }, itemStyle: { color: colour('text') }, data: rows.map((row) => value(row[3])) },
    ],
  };
};

const kinds = { trend, distribution };
const draw = () => {
  for (const place of document.querySelectorAll('[data-chart]')) {
    let chart = charts.get(place.dataset.chart);
    if (chart && chart.getDom() !== place) {
      // The part of the page around it was replaced: what is drawn moves over, so that nothing flickers.
      const old = chart.getDom();
      Object.assign(old.dataset, place.dataset);
      place.replaceWith(old);
    }
    if (!chart) {
      chart = echarts.init(place, null, { renderer: 'canvas' });
      charts.set(place.dataset.chart, chart);
    }
    chart.setOption(kinds[place.dataset.chart](chart.getDom()), { notMerge: true });
  }
};
const begin = () => {
  draw();
  document.addEventListener('refreshed', draw);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  addEventListener('resize', () => { charts.forEach((chart) => chart.resize()); draw(); });
};
// The library is a megabyte of script: it is run after the page was painted.
const painted = new PerformanceObserver(() => {
  painted.disconnect();
  document.head.append(Object.assign(document.createElement('script'), { src: document.getElementById('chart-library').href, onload: begin }));
});
painted.observe({ type: 'paint', buffered: true });

// Keys of tags, when somebody looks for one.
let keys = [];
const offer = () => document.getElementById('tag-keys')?.replaceChildren(...keys.map((key) => Object.assign(document.createElement('option'), { value: key })));
document.addEventListener('refreshed', offer);
document.addEventListener('focusin', async (e) => {
  if (e.target.id !== 'by' || keys.length > 0) return;
  try {
    const answer = await fetch('/api/v1/tags?limit=1000', { credentials: 'same-origin' });
    if (answer.ok) keys = (await answer.json()).items;
    offer();
  } catch { /* it can be typed all the same */ }
});
