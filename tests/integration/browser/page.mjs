// Opens a page of a map in Chromium, does with it what people do, and prints what was seen as JSON.
//
//   node page.mjs CHROMIUM DIRECTORY PAGE SHOTS [look]
//
// node_modules is in DIRECTORY; screenshots go into SHOTS. With "look" the page is only looked at.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [executablePath, modules, file, directory, only] = process.argv.slice(2);
const require = createRequire(join(modules, "x.js"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const address = pathToFileURL(file).href;
const SIZES = { wide: [1440, 900], narrow: [1024, 700], phone: [390, 844] };

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const seen = { complaints: [], requests: [], looks: {} };

async function open(size, colorScheme) {
  const context = await browser.newContext({ viewport: { width: size[0], height: size[1] }, colorScheme });
  const page = await context.newPage();
  page.on("console", (message) => seen.complaints.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => seen.complaints.push(String(error)));
  page.on("request", (request) => seen.requests.push(request.url()));
  await page.goto(address);
  return page;
}

async function look(page, name) {
  await page.screenshot({ path: join(directory, `${name}.png`) });
  const overflows = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  if (only) {
    seen.looks[name] = { overflows };
    return;
  }
  // Evaluated by the browser's debugger: the page's policy would let no script of others in.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run());
  seen.looks[name] = {
    overflows,
    violations: violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).slice(0, 3).join(", ")}`),
  };
}

for (const [name, size] of Object.entries(only ? { wide: SIZES.wide } : SIZES)) {
  for (const colours of only ? ["light"] : ["light", "dark"]) {
    const page = await open(size, colours);
    if (colours === "light") await look(page, `${name}-${colours}`);
    await page.keyboard.press("/");
    await page.keyboard.type("guest17");
    await page.keyboard.press("Enter");
    if (!only) await look(page, `${name}-${colours}-details`);
    await page.context().close();
  }
}
if (only) {
  await browser.close();
  process.stdout.write(JSON.stringify(seen));
  process.exit();
}

const page = await open(SIZES.wide, "light");
const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
const details = async () => ((await page.isVisible("#details")) ? page.innerText("#content") : null);

// By the keyboard alone.
await page.keyboard.press("/");
seen.slash = await focused();
await page.keyboard.type("guest17");
seen.found = await page.innerText("#found");
seen.listed = await page.locator("nav li:visible").allInnerTexts();
seen.faded = await page.locator(".box.unmatched").count();
await page.keyboard.press("Enter");
seen.details = await details();
seen.focusOfDetails = await focused();
await page.keyboard.press("Escape");
seen.closed = await details();
seen.focusAfterwards = await focused();
await page.fill("#search", "");
await page.locator(".box[tabindex='0']").focus();
await page.keyboard.press("ArrowRight");
await page.keyboard.press("ArrowRight");
seen.roved = await focused();
await page.keyboard.press("Enter");
seen.chosen = await page.locator(".box.chosen").getAttribute("id");
await page.keyboard.press("Escape");
await page.reload();
seen.tabs = [];
for (let number = 0; number < 7; number += 1) {
  await page.keyboard.press("Tab");
  seen.tabs.push(await focused());
}

// With the mouse.
await page.locator("#h0p0a3 rect").click();
seen.clicked = await details();
await page.click("#close");
const width = () => page.locator("main svg").evaluate((svg) => svg.getBoundingClientRect().width);
const before = await width();
await page.click("#closer");
seen.zoomed = (await width()) / before;
await page.click("#fit");
seen.fitted = (await width()) / before;
const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
seen.light = await ground();
await page.click("#colours");
seen.dark = await ground();
await page.check("#only-problems");
seen.problems = await page.locator("nav li:visible").allInnerTexts();

// What the page's policy forbids. Each is a complaint of the browser, so this comes last.
seen.complaintsOfUse = [...seen.complaints];
seen.fetched = await page.evaluate(() => fetch("https://192.0.2.1/").then(() => "fetched", () => "forbidden"));
seen.loaded = await page.evaluate(() => new Promise((resolve) => {
  const image = new Image();
  image.onload = () => resolve("loaded");
  image.onerror = () => resolve("forbidden");
  image.src = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
}));
seen.ran = await page.evaluate(() => {
  const script = document.createElement("script");
  script.textContent = "globalThis.ran = true";
  document.body.append(script);
  return globalThis.ran ?? "forbidden";
});
await browser.close();
process.stdout.write(JSON.stringify(seen));
