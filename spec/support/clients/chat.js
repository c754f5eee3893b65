// Two people in Chromium talk through examples/chat.lua: node chat.js URL [PICTURE]
const assert = require("assert");
const { chromium } = require("playwright-core");

const [url, picture] = process.argv.slice(2);

const log = (page) => page.locator("#log");
const shows = (page, text) => log(page).getByText(text, { exact: true }).waitFor();

async function say(page, text) {
  await page.fill("#text", text);
  await page.press("#text", "Enter");
}

async function check(browser) {
  const open = async (name) => {
    const page = await (await browser.newContext({ viewport: { width: 480, height: 640 } })).newPage();
    page.on("pageerror", (error) => { throw error; });
    page.setDefaultTimeout(30000);
    await page.goto(`${url}?name=${name}`);
    await page.locator("body.on").waitFor();
    return page;
  };
  const ann = await open("Ann");
  await say(ann, "Is anybody here?");
  const bert = await open("Bert");
  await shows(ann, "Bert came");
  await shows(bert, "Is anybody here?"); // what was said before
  await bert.getByText("2 are here").waitFor();
  await say(bert, "Gr\u00fc\u00df dich, Ann \u{1f44b}");
  await shows(ann, "Gr\u00fc\u00df dich, Ann \u{1f44b}");
  await say(ann, "<b>How</b> are you?"); // text, whatever is in it
  await shows(bert, "<b>How</b> are you?");
  assert.strictEqual(await bert.locator("#log p.mine").count(), 1);
  assert.strictEqual(await bert.locator("#log p b", { hasText: "Ann" }).count(), 2);
  if (picture) await ann.screenshot({ path: picture });
  await bert.close();
  await shows(ann, "Bert left");
  await ann.getByText("only you are here").waitFor();
}

async function main() {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
  try {
    await check(browser);
  } finally {
    await browser.close();
  }
}

main().then(
  () => console.log("chat: all as expected"),
  (error) => {
    console.log(error);
    process.exit(1);
  });
