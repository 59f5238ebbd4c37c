// Lays out the boxes of one host with dagre, which is a global here. Given and answered as JSON.
"use strict";

// The engine has the language alone, and dagre copies plain data by this function of browsers.
globalThis.structuredClone ??= (value) => JSON.parse(JSON.stringify(value));

function laidOut(given) {
  const { boxes, lines, options } = JSON.parse(given);
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph(options);
  for (const box of boxes) graph.setNode(box.id, { width: box.width, height: box.height });
  lines.forEach((line, number) => {
    const label = { width: line.width, height: line.height, labelpos: "c" };
    graph.setEdge(line.start, line.end, label, String(number));
  });
  dagre.layout(graph);
  const places = boxes.map(({ id }) => {
    const { x, y, width, height } = graph.node(id);
    return [x - width / 2, y - height / 2];
  });
  const layers = boxes.map(({ id }) => graph.node(id).x);
  const ways = lines.map((line, number) => {
    const { points, x, y } = graph.edge(line.start, line.end, String(number));
    return { points: points.map((point) => [point.x, point.y]), x: x ?? 0, y: y ?? 0 };
  });
  return JSON.stringify({ places, layers, ways });
}
