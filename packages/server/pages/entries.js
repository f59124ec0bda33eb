/** The zone that the times of the page are shown in: that of the browser. */
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const texts = {
  en: {
    title: 'Newest entries',
    reference: 'API reference',
    key: 'API key',
    open: 'Open',
    search: 'Search',
    older: 'Older entries',
    loading: 'Loading…',
    none: 'No entries match.',
    noKey: 'Sign in, or enter an API key with the scope «read».',
    signIn: 'Sign in',
    signOut: 'Sign out',
    shown: (count, all) => `${count} of ${all} entries · live · times in ${zone}`,
    outcomes: { failure: 'failure', warning: 'warning', skipped: 'skipped', pending: 'pending' },
  },
  es: {
    title: 'Entradas más recientes',
    reference: 'Referencia de la API',
    key: 'Clave de API',
    open: 'Abrir',
    search: 'Buscar',
    older: 'Entradas anteriores',
    loading: 'Cargando…',
    none: 'Ninguna entrada coincide.',
    noKey: 'Inicie sesión o introduzca una clave de API con el permiso «read».',
    signIn: 'Iniciar sesión',
    signOut: 'Cerrar sesión',
    shown: (count, all) => `${count} de ${all} entradas · en directo · horas de ${zone}`,
    outcomes: { failure: 'error', warning: 'advertencia', skipped: 'omitido', pending: 'pendiente' },
  },
  ru: {
    title: 'Последние записи',
    reference: 'Справочник API',
    key: 'Ключ API',
    open: 'Открыть',
    search: 'Найти',
    older: 'Более ранние записи',
    loading: 'Загрузка…',
    none: 'Нет подходящих записей.',
    noKey: 'Войдите или введите ключ API с правом «read».',
    signIn: 'Войти',
    signOut: 'Выйти',
    shown: (count, all) => `${count} из ${all} записей · обновляется · время: ${zone}`,
    outcomes: { failure: 'ошибка', warning: 'предупреждение', skipped: 'пропущено', pending: 'в процессе' },
  },
};
const language = navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag in texts) ?? 'en';
const t = texts[language];
const element = (id) => document.getElementById(id);
document.documentElement.lang = language;
document.title = `Bitácora – ${t.title}`;
element('title').textContent = t.title;
element('reference').textContent = t.reference;
element('open').textContent = t.open;
element('find').textContent = t.search;
element('more').textContent = t.older;
element('sign-in-link').textContent = t.signIn;
element('leave').textContent = t.signOut;
element('query').setAttribute('aria-label', t.search);
for (const attribute of ['placeholder', 'aria-label']) element('key').setAttribute(attribute, t.key);

const fromLink = /^#key=(.+)$/.exec(location.hash)?.[1];
if (fromLink) {
  sessionStorage.setItem('key', fromLink);
  history.replaceState(null, '', location.pathname + location.search);
}
element('query').value = new URLSearchParams(location.search).get('q') ?? '';

let next = null;
let shown = 0;
/** Entries that match; `at least` so many when counting them took too long. */
let all = 0;
let exact = true;
let tail;

const key = () => sessionStorage.getItem('key') ?? '';
const request = (path, options = {}) =>
  fetch(path, {
    ...options,
    // Without a key the session's cookie says who asks.
    headers: { ...options.headers, ...(key() ? { authorization: `Bearer ${key()}` } : {}) },
  });
const filters = () => {
  const q = element('query').value.trim();
  return q === '' ? '' : `q=${encodeURIComponent(q)}`;
};

function say(text, bad = false) {
  element('status').textContent = text;
  element('status').className = bad ? 'bad' : '';
}

function item({ event, ingestedAt, index, ledger, id, altered }) {
  const at = event.occurredAt !== undefined && event.occurredAt < ingestedAt ? event.occurredAt : ingestedAt;
  const line = document.createElement('li');
  const details = document.createElement('details');
  const summary = document.createElement('summary');
  const time = document.createElement('time');
  time.dateTime = at;
  time.textContent = new Date(at).toLocaleString(language);
  time.title = `${at} (UTC)`;
  const target = event.targets?.[0];
  const who = document.createElement('bdi');
  who.textContent = event.actor.name ?? event.actor.id;
  const what = document.createElement('code');
  what.textContent = event.action;
  const rest = document.createElement('bdi');
  rest.textContent = [target && `${target.type}/${target.id}`, event.description].filter(Boolean).join(' · ');
  const outcome = document.createElement('span');
  outcome.textContent = event.outcome === 'success' ? '✓' : `✕ ${t.outcomes[event.outcome] ?? event.outcome}`;
  if (event.outcome !== 'success') outcome.className = 'bad';
  summary.append(time, who, ' ', what, ' ', rest, ' ', outcome);
  const source = document.createElement('pre');
  source.textContent = JSON.stringify({ ledger, index, id, ingestedAt, altered, event }, null, 2);
  details.append(summary, source);
  line.append(details);
  return line;
}

async function showWho() {
  if (key()) return;
  const response = await request('/v1/me').catch(() => undefined);
  const me = response?.ok ? await response.json() : undefined;
  element('sign-in-link').hidden = me !== undefined;
  element('sign-out').hidden = me === undefined;
  element('who').textContent = me?.name ?? '';
  element('csrf').value = me?.csrf ?? '';
}

function askForKey() {
  element('sign-in').hidden = false;
  element('sign-in-link').hidden = false;
  say(t.noKey);
}

/** Takes away what an earlier search showed. */
function clear() {
  tail?.abort();
  element('entries').replaceChildren();
  element('more').hidden = true;
  next = null;
  shown = 0;
}

function sayShown() {
  say(shown === 0 ? t.none : t.shown(shown, exact ? all : `≥ ${all}`));
}

async function load(more = false) {
  say(t.loading);
  const parts = [
    filters(),
    'limit=50',
    more ? '' : 'count=true',
    more && next ? `cursor=${encodeURIComponent(next)}` : '',
  ].filter(Boolean);
  const response = await request(`/v1/events?${parts.join('&')}`).catch(() => undefined);
  if (!response?.ok) {
    const problem = await response?.json().catch(() => undefined);
    if (response?.status === 401 && !key()) {
      askForKey();
      return;
    }
    if (response?.status === 401) element('sign-in').hidden = false;
    if (!more) clear();
    say(problem?.detail ?? problem?.title ?? 'Offline', true);
    return;
  }
  element('sign-in').hidden = true;
  const page = await response.json();
  next = page.next;
  if (!more) {
    clear();
    ({ count: all, exact } = page);
  }
  element('entries').append(...page.entries.map(item));
  shown += page.entries.length;
  element('more').hidden = next === null;
  sayShown();
  if (!more) void follow();
}

async function follow() {
  tail?.abort();
  const own = (tail = new AbortController());
  let last;
  while (!own.signal.aborted) {
    try {
      const headers = last ? { 'last-event-id': last } : {};
      const response = await request(`/v1/tail?${filters()}`, { signal: own.signal, headers });
      if (!response.ok) return;
      let rest = '';
      for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
        const blocks = (rest + chunk).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          last = /^id: (.+)$/m.exec(block)?.[1] ?? last;
          const entry = /^event: entry\ndata: (.+)$/m.exec(block)?.[1];
          if (!entry) continue;
          element('entries').prepend(item(JSON.parse(entry)));
          shown += 1;
          all += 1;
          sayShown();
        }
      }
    } catch {
      if (own.signal.aborted) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

element('search').addEventListener('submit', (event) => {
  event.preventDefault();
  const query = filters();
  history.pushState(null, '', query ? `?${query}` : location.pathname);
  void load();
});
element('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem('key', element('key').value.trim());
  void load();
});
element('more').addEventListener('click', () => void load(true));
void showWho();
addEventListener('popstate', () => {
  element('query').value = new URLSearchParams(location.search).get('q') ?? '';
  void load();
});
void load();
