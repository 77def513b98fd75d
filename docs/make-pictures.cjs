// Takes the pictures of the pages: make-pictures.sh says where from and of what.
const [package_, pictures, url, operation, key] = process.argv.slice(2);
const { chromium } = require(package_);

const shots = [ // name, height, colour scheme, address, what is waited for, what is pressed
  ['now', 860, 'light', '/', 'main table'],
  ['operations', 760, 'light', '/operations', 'main table'],
  ['operation', 1100, 'light', `/operations/${operation}`, '.chart canvas'],
  ['audit', 700, 'light', '/audit', 'main table'],
  ['system', 900, 'light', '/system', 'main table'],
  ['run', 560, 'light', `/runs/${key}`, '.fall'],
  ['run-dark', 560, 'dark', `/runs/${key}`, '.fall'],
  ['graph', 620, 'light', `/runs/${key}?view=graph`, '.node', 'Fit'],
  ['runs', 760, 'light', '/runs', '.runs'],
];

(async () => {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] });
  for (const [name, height, colorScheme, path, shown, button] of shots) {
    const page = await browser.newPage({ viewport: { width: 1240, height }, deviceScaleFactor: 1.5, colorScheme });
    await page.goto(url + path);
    await page.locator(shown).first().waitFor();
    if (button) await page.getByRole('button', { name: button }).click();
    await page.waitForTimeout(500);
    await page.screenshot({ path: `${pictures}/${name}.png` });
    await page.close();
  }
  await browser.close();
})();
