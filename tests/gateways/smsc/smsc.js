// An SMSC for tests on npm `smpp`: node smsc.js SMPP_PORT CONTROL_PORT [KEY CERT].
// PLATFORM / secret may bind. Control is HTTP with JSON on loopback: see `control` below.
'use strict';
const http = require('http');
const fs = require('fs');
const smpp = require('smpp');

const [smppPort, controlPort, key, cert] = process.argv.slice(2);
const options = key ? { key: fs.readFileSync(key), cert: fs.readFileSync(cert) } : {};

const sessions = [];        // those that are bound, oldest first
const binds = [];           // every bind that was tried
let submits = [];           // every submit_sm that came
let answers = [];           // what deliver_sm was answered with
let counted = 0;
let enquiries = 0;
let behaviour = {};
let lastId = 0;

const good = () => ({
  status: 0, times: 0,      // answer the next `times` submit_sm with `status` (0 times: all)
  silent: 0,                // take the next so many and answer nothing
  cut: 0,                   // take the next so many and hang up instead of an answer
  slow_ms: 0,               // before each answer
  receipts: 'none',         // none, text, options, odd, failed, decimal, other_session, early
  receipt_ms: 20,
  most_sessions: 0,
  quiet: false,             // keep no submits, only count them
  mute: false,              // answer no enquire_link
  insists: false,           // bring receipts again until they are acknowledged
});
behaviour = good();

function listeners() {
  return sessions.filter((session) => session.listens);
}

function receipt(session, pdu, id) {
  const kind = behaviour.receipts;
  const head = { source_addr: pdu.destination_addr, destination_addr: pdu.source_addr,
    source_addr_ton: 1, esm_class: 4 };
  const dates = 'submit date:2611210200 done date:2611210201';
  const text = (name, stat, when) =>
    `id:${name} sub:001 dlvrd:001 ${when} stat:${stat} err:000 text:${'x'.repeat(20)}`;
  const option = { receipted_message_id: id, message_state: 2 };
  const kinds = {
    text: { short_message: text(id, 'DELIVRD', dates) },
    early: { short_message: text(id, 'DELIVRD', dates) },
    other_session: { short_message: text(id, 'DELIVRD', dates) },
    options: { short_message: '', ...option },
    odd: { short_message: text(id, 'DELIVRD', 'submit date:YYMMDDhhmm done date:YYMMDDhhmm') },
    failed: { short_message: text(id, 'UNDELIV', dates).replace('err:000', 'err:01B') },
    decimal: { short_message: text(parseInt(id, 16).toString().padStart(10, '0'), 'DELIVRD', dates) },
  };
  const others = listeners().filter((one) => one !== session);
  if (behaviour.insists) { keep({ ...head, ...kinds[kind] }); bring(); return; }
  const target = (kind === 'other_session' && others[0]) || (session.listens ? session : listeners()[0]);
  if (target) deliver(target, { ...head, ...kinds[kind] });
}

// What is brought again until somebody acknowledges it, as SMSCs do.
const pending = [];
const AT_ONCE = 20;

function keep(content) {
  pending.push({ content, by: null, done: false });
}

function bring() {
  for (const session of listeners()) {
    let free = AT_ONCE - pending.filter((one) => one.by === session).length;
    for (const one of pending) {
      if (free <= 0) break;
      if (one.done || one.by) continue;
      free -= 1;
      one.by = session;
      deliver(session, one.content, (status) => {
        one.by = null;
        one.done = status === 0;
        setTimeout(bring, one.done ? 0 : 200);
      });
    }
  }
}

function gone(session) {
  pending.forEach((one) => { if (one.by === session) one.by = null; });
  setTimeout(bring, 100);
}

function deliver(session, content, done) {
  session.deliver_sm(content, (answer) => {
    answers.push({ status: answer.command_status, text: content.note || '' });
    if (done) done(answer.command_status);
  });
}

function take(session, pdu) {
  counted += 1;
  const id = (++lastId).toString(16).padStart(8, '0');
  const message = pdu.short_message || {};
  const known = { id, from: pdu.source_addr, from_ton: pdu.source_addr_ton, to: pdu.destination_addr,
    to_ton: pdu.dest_addr_ton, text: message.message, udh: message.udh || null,
    esm_class: pdu.esm_class, data_coding: pdu.data_coding, registered: pdu.registered_delivery,
    validity: pdu.validity_period, at_ms: Date.now(), status: 0 };
  if (!behaviour.quiet) submits.push(known);
  if (behaviour.cut > 0) { behaviour.cut -= 1; known.status = 'cut'; session.destroy(); return; }
  if (behaviour.silent > 0) { behaviour.silent -= 1; known.status = 'silent'; return; }
  let status = pdu.destination_addr.endsWith('0000') ? smpp.ESME_RINVDSTADR : 0;
  if (behaviour.status) {
    status = behaviour.status;
    if (behaviour.times > 0 && (behaviour.times -= 1) === 0) behaviour.status = 0;
  }
  known.status = status;
  const wanted = !status && pdu.registered_delivery & 1 && behaviour.receipts !== 'none';
  if (wanted && behaviour.receipts === 'early') receipt(session, pdu, id);
  const answer = () => session.send(pdu.response(status ? { command_status: status } : { message_id: id }));
  if (behaviour.slow_ms) setTimeout(answer, behaviour.slow_ms); else answer();
  if (wanted && behaviour.receipts !== 'early') {
    setTimeout(() => receipt(session, pdu, id), behaviour.slow_ms + behaviour.receipt_ms);
  }
}

function bind(session, pdu, listens) {
  let status = 0;
  if (pdu.system_id !== 'PLATFORM') status = smpp.ESME_RINVSYSID;
  else if (pdu.password !== 'secret') status = smpp.ESME_RINVPASWD;
  else if (behaviour.most_sessions && sessions.length >= behaviour.most_sessions) status = smpp.ESME_RALYBND;
  binds.push({ listens, status, version: pdu.interface_version, type: pdu.system_type });
  session.send(pdu.response(status ? { command_status: status } : { system_id: 'TESTSMSC' }));
  if (status) { session.close(); return; }
  session.listens = listens;
  sessions.push(session);
  setTimeout(bring, 50);
}

const server = smpp.createServer(options, (session) => {
  session.on('error', () => session.destroy());
  session.on('bind_transceiver', (pdu) => bind(session, pdu, true));
  session.on('bind_transmitter', (pdu) => bind(session, pdu, false));
  session.on('submit_sm', (pdu) => take(session, pdu));
  session.on('enquire_link', (pdu) => {
    enquiries += 1;
    if (!behaviour.mute) session.send(pdu.response());
  });
  session.on('unbind', (pdu) => { session.send(pdu.response()); session.close(); });
  session.on('unknown', (pdu) => session.send(pdu.response()));
  session.on('close', () => {
    const place = sessions.indexOf(session);
    if (place >= 0) sessions.splice(place, 1);
    gone(session);
  });
});
server.listen(Number(smppPort), '127.0.0.1');

// What deliver_sm carries, from JSON: `hex` instead of a text, `udh` as hex, options by name.
function carried(content) {
  const { hex, udh, text, session, ...rest } = content;
  const message = hex !== undefined ? Buffer.from(hex, 'hex') : text;
  const both = { source_addr_ton: 1, dest_addr_ton: 1, ...rest };
  if (rest.message_payload !== undefined) return { ...both, short_message: '' };
  return { ...both, short_message: udh ? { udh: Buffer.from(udh, 'hex'), message } : message };
}

const control = {
  'GET /state': () => ({ sessions: sessions.map((one) => one.listens), binds, submits, answers, counted, enquiries,
    pending: pending.filter((one) => !one.done).length }),
  'GET /counted': () => ({ counted }),
  'PUT /behaviour': (content) => { behaviour = { ...good(), ...content }; return {}; },
  'POST /forget': () => { submits = []; answers = []; counted = 0; binds.length = 0; enquiries = 0; return {}; },
  'POST /flood': (content) => { content.messages.forEach((one) => keep(carried(one))); bring(); return {}; },
  'POST /cut': () => { sessions.slice().forEach((one) => one.destroy()); return {}; },
  'POST /unbind': () => { sessions.slice().forEach((one) => one.unbind()); return {}; },
  'POST /send': (content) => { sessions[0].send(new smpp.PDU(content.command, content)); return {}; },
  'POST /garbage': () => { sessions[0].socket.write(Buffer.from('GET / HTTP/1.0\r\n\r\n')); return {}; },
  // Waits for the answer, at most 10 s; `status` null when none came.
  'POST /deliver': (content) => new Promise((resolve) => {
    const target = listeners()[content.session || 0];
    if (!target) { resolve({ status: 'nobody listens' }); return; }
    const late = setTimeout(() => resolve({ status: null }), 10000);
    target.on('close', () => { clearTimeout(late); resolve({ status: null }); });
    deliver(target, carried(content), (status) => { clearTimeout(late); resolve({ status }); });
  }),
};

http.createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', async () => {
    const call = control[`${request.method} ${request.url}`];
    const body = Buffer.concat(parts).toString();
    try {
      const result = call ? await call(body ? JSON.parse(body) : {}) : { error: 'no such call' };
      response.writeHead(call ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(result));
    } catch (error) {
      response.writeHead(500);
      response.end(String(error.stack));
    }
  });
}).listen(Number(controlPort), '127.0.0.1');
