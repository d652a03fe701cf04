// Uses the operators' page as an operator does; every check prints a line, the first that fails ends it all.
const assert = require('assert');
const { JSDOM, VirtualConsole } = require('jsdom');

const at = `http://127.0.0.1:${process.argv[2]}/`;
let window;
const $ = (id) => window.document.getElementById(id);
const shown = (id) => $(id).textContent.replace(/\s+/g, ' ');

/** Looks again until it is true; the page itself asks every two seconds. */
async function until(what, condition) {
  for (let look = 0; look < 200; look++) {
    if (condition()) return;
    await new Promise((later) => setTimeout(later, 50));
  }
  assert.fail(`${what}: ${window.document.body.textContent}`);
}

const card = (region) => [...window.document.querySelectorAll('.region')].find((r) => r.querySelector('h3').textContent === region);
const button = (region, name) => [...card(region).querySelectorAll('button')].find((b) => b.textContent === name);
const says = (region, text) => card(region) && card(region).textContent.includes(text);

/** What jsdom has not: modal dialogs. */
function dialogs() {
  window.HTMLDialogElement.prototype.showModal = function () {
    this.open = true;
  };
  window.answer = (id, value) => {
    $(id).open = false;
    $(id).returnValue = value;
    $(id).dispatchEvent(new window.Event('close'));
  };
}

async function order(region, name, reason) {
  button(region, name).click();
  await until(`dialog of ${name}`, () => $('forcing').open);
  $('reason').value = reason;
  window.answer('forcing', 'ok');
}

const checks = {
  async 'page: nothing is shown before a token'() {
    await until('invitation', () => shown('alerts').includes('Sign in with a token'));
    $('sign').click();
    $('token').value = 'interop-operator-not-secret';
    window.answer('signing', 'ok');
    await until('name', () => shown('who') === 'ana (operator)');
  },
  async 'page: a lost region and how long its service took'() {
    await until('loss', () => says('asia', 'takes 0 % of its callers'));
    await until('recovery', () => /live ?asia.* s/.test(shown('recoveries')));
  },
  async 'page: limits with all their rates, and what a budget comes to'() {
    await until('limits', () => shown('limits').includes('10/s and 100/min, vip 50/s'));
    await until('budget', () => /live.* of 100 PLN/.test(shown('budgets')));
    assert.ok(/Comes to [\d.]+ PLN \([\d.]+ PLN to/.test(shown('budgets')), shown('budgets'));
    assert.ok(!/undefined|NaN|\[object/.test(shown('limits') + shown('budgets')), shown('limits') + shown('budgets'));
  },
  async 'page: a region is drained, and says so'() {
    await until('regions', () => says('eu', 'takes 100 % of its callers'));
    await order('eu', 'Drain', 'works');
    await until('drained', () => says('eu', 'Drained by ana: works'));
    assert.ok(says('eu', 'takes 0 % of its callers'));
    assert.ok(!button('eu', 'Drain') && button('eu', 'Release'));
  },
  async 'page: why the first region is not the one'() {
    $('explain').elements.url.value = '/live';
    $('explain').elements.client.value = '192.0.2.1';
    $('explain').dispatchEvent(new window.Event('submit', { cancelable: true }));
    await until('verdict', () => shown('verdict') === 'live in us');
    assert.ok(shown('steps').includes('us, not eu, which is out'), shown('steps'));
  },
  async 'page: a region that is released gets its callers back'() {
    await order('eu', 'Release', 'done');
    await until('release', () => button('eu', 'Drain') && !card('eu').querySelector('.alert'));
    await until('all of them', () => says('eu', 'takes 100 % of its callers'));
  },
};

(async () => {
  const complaints = new VirtualConsole().on('jsdomError', (error) => {
    throw error;
  });
  const dom = await JSDOM.fromURL(at, {
    runScripts: 'dangerously',
    pretendToBeVisual: true, // a hidden page does not look
    virtualConsole: complaints,
    beforeParse(made) {
      window = made;
      window.fetch = (path, options) => fetch(new URL(path, at), options);
      dialogs();
    },
  });
  for (const [name, check] of Object.entries(checks)) {
    await check();
    console.log(`ok  ${name}`);
  }
  dom.window.close();
  process.exit(0);
})().catch((failure) => {
  console.error(failure);
  process.exit(1);
});
