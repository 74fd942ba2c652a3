/**
 * The first words, and the last where nothing else comes: says "one moment" in the person's language before the modules are there, and
 * offers to load the page again where they do not come, or do not run. A classic script in old syntax on purpose: it has to run where
 * they cannot.
 */
(function () {
  'use strict';

  /** By language: one moment · what is wrong · what helps · the button · too old · what helps then. */
  var WORDS = {
    en: ['One moment…', 'This page hasn’t loaded completely', 'Check your connection, then load it again. If that doesn’t help, open the link in another, up-to-date browser.', 'Load again', 'This browser is too old', 'Open the link in an up-to-date Chrome, Safari or Firefox.'],
    de: ['Einen Moment …', 'Diese Seite ist nicht vollständig geladen', 'Prüfen Sie die Verbindung und laden Sie die Seite neu. Wenn das nicht hilft, öffnen Sie den Link in einem anderen, aktuellen Browser.', 'Neu laden', 'Dieser Browser ist zu alt', 'Öffnen Sie den Link in einem aktuellen Chrome, Safari oder Firefox.'],
    fr: ['Un instant…', 'Cette page ne s’est pas chargée entièrement', 'Vérifiez votre connexion, puis rechargez-la. Si cela ne suffit pas, ouvrez le lien dans un autre navigateur à jour.', 'Recharger', 'Ce navigateur est trop ancien', 'Ouvrez le lien dans une version récente de Chrome, Safari ou Firefox.'],
    es: ['Un momento…', 'La página no se ha cargado por completo', 'Compruebe la conexión y vuelva a cargarla. Si no funciona, abra el enlace en otro navegador actualizado.', 'Volver a cargar', 'Este navegador es demasiado antiguo', 'Abra el enlace en una versión actual de Chrome, Safari o Firefox.'],
    tr: ['Bir dakika…', 'Bu sayfa tam olarak yüklenmedi', 'Bağlantınızı kontrol edip yeniden yükleyin. İşe yaramazsa bağlantıyı güncel başka bir tarayıcıda açın.', 'Yeniden yükle', 'Bu tarayıcı çok eski', 'Bağlantıyı güncel bir Chrome, Safari veya Firefox’ta açın.'],
    ar: ['لحظة من فضلك…', 'لم تُحمَّل هذه الصفحة بالكامل', 'تحقّق من اتصالك ثم أعد تحميلها. وإن لم ينفع ذلك فافتح الرابط في متصفّح آخر محدَّث.', 'إعادة التحميل', 'هذا المتصفّح قديم جدًّا', 'افتح الرابط في إصدار حديث من Chrome أو Safari أو Firefox.']
  };
  /** How often it is looked, in milliseconds. Turns are counted, not hours: a page that is put away meanwhile is not late. */
  var EVERY = 250;
  /** After how many turns an empty page says something, and how many are given to the modules, and then to the server's first answers. */
  var EMPTY = 4;
  var MODULES = 48;
  var ANSWERS = 120;
  /** How many are left once something has gone wrong: it may not matter. */
  var HINTED = 8;

  var words = WORDS[language()];
  var turns = 0;
  var limit = MODULES;
  var started = false;
  /** @type {HTMLElement|null} */
  var panel = null;
  var shown = '';
  var timer = setInterval(look, EVERY);
  // Before the page is painted with its own words: what stood above them would move them under a finger.
  var watch = new MutationObserver(arrived);

  watch.observe(document, { subtree: true, attributes: true, attributeFilter: ['data-started', 'data-state'] });
  // A file that did not come, or a module that this browser cannot read.
  window.addEventListener('error', hinted, true);
  window.addEventListener('unhandledrejection', hinted);
  look();

  function look() {
    turns += 1;
    if (arrived()) return undefined;
    if (!('noModule' in document.createElement('script'))) return tell('too-old', words[4], words[5], '');
    if (turns >= limit && shown !== 'stuck') return tell('stuck', words[1], words[2], words[3]);
    var headline = document.getElementById('headline');
    if (headline && !started && !isEmpty()) headline.textContent = words[0];
    if (isEmpty() && turns >= EMPTY && !shown) tell('waiting', words[0], '', '');
    return undefined;
  }

  /** Whether the page speaks for itself; then nothing is left to do here. */
  function arrived() {
    if (!started && isStarted()) {
      started = true;
      limit = turns + ANSWERS;
    }
    if (!started || isEmpty()) return false;
    leave();
    return true;
  }

  function hinted() {
    if (!started) limit = Math.min(limit, turns + HINTED);
  }

  /** Whether the page's own words are there. */
  function isStarted() {
    return document.documentElement.hasAttribute('data-started');
  }

  /** Whether the page shows nothing yet. */
  function isEmpty() {
    return !document.body || document.body.getAttribute('data-state') === 'loading';
  }

  /** @param {string} what @param {string} headline @param {string} detail @param {string} button */
  function tell(what, headline, detail, button) {
    // A page whose own markup has not come is given as long as its modules.
    if (shown === what || (!document.body && turns < limit)) return;
    var place = document.body || document.documentElement.appendChild(document.createElement('body'));
    shown = what;
    if (panel) panel.remove();
    panel = document.createElement('div');
    panel.id = 'boot';
    panel.className = 'boot';
    panel.setAttribute('role', 'alert');
    panel.setAttribute('data-boot', what);
    panel.setAttribute('lang', language());
    panel.setAttribute('dir', language() === 'ar' ? 'rtl' : 'ltr');
    add('h1', headline);
    if (detail) add('p', detail);
    if (button) {
      add('button', button).addEventListener('click', function () { location.reload(); });
    }
    place.insertBefore(panel, place.firstChild);
    if (what !== 'waiting') place.setAttribute('data-boot', what);
  }

  /** @param {string} tag @param {string} text */
  function add(tag, text) {
    var element = document.createElement(tag);
    element.textContent = text;
    if (tag === 'button') element.className = 'button wide';
    if (panel) panel.appendChild(element);
    return element;
  }

  /** The page speaks for itself from now on, however late it is. */
  function leave() {
    clearInterval(timer);
    watch.disconnect();
    window.removeEventListener('error', hinted, true);
    window.removeEventListener('unhandledrejection', hinted);
    if (panel) panel.remove();
    if (document.body) document.body.removeAttribute('data-boot');
  }

  /** As `ui/language.js` finds it. */
  function language() {
    var wanted = [];
    try {
      wanted.push(localStorage.getItem('callqr:language'));
    } catch (error) {
      // Storage is switched off.
    }
    wanted = wanted.concat(Array.prototype.slice.call(navigator.languages || [navigator.language]));
    for (var at = 0; at < wanted.length; at += 1) {
      var name = String(wanted[at] || '').toLowerCase().split('-')[0];
      if (Object.prototype.hasOwnProperty.call(WORDS, name)) return name;
    }
    return 'en';
  }
}());
