// Loaded by every Node that a command starts, by NODE_OPTIONS: our hosts lead to the mock, waits take less.
// NEMOVIDEO_MOCK_HOOK is JSON; sitecustomize.py beside this file says what is in it.
'use strict'
const told = JSON.parse(process.env.NEMOVIDEO_MOCK_HOOK || '{}')
if (told.port) redirect(told.hosts, told.owners, told.port, told.proxy)
if (told.rate && told.rate !== 1) hurry(told.rate, told.start[0] * 1000)

function redirect(hosts, owners, port, proxy) {
  const tls = require('node:tls')
  const net = require('node:net')
  const named = (options) => String(options.host || options.hostname || '').toLowerCase().replace(/\.$/, '')
  const foreign = (name) => owners.some((owner) => name === owner || name.endsWith('.' + owner))
  const nowhere = 1 // a port of ours where nobody listens

  const tell = (name) => net.connect(proxy, '127.0.0.1').on('error', () => {}).end(`CONNECT ${name}:443 HTTP/1.1\r\n\r\n`)

  // An https client asks tls; an http client asks net. Whoever brings a socket has a connection already: a proxy's.
  const secure = tls.connect
  tls.connect = function (...args) {
    const given = normal(args)
    const name = named(given.options)
    if (!given.options.socket && (hosts.includes(name) || foreign(name))) {
      if (foreign(name) && !hosts.includes(name)) tell(name)
      const there = hosts.includes(name) && Number(given.options.port) === 443 ? port : nowhere
      const servername = given.options.servername || name
      return secure.call(this, { ...given.options, host: '127.0.0.1', port: there, path: undefined, servername }, given.done)
    }
    return secure.apply(this, args)
  }
  const connect = net.Socket.prototype.connect
  net.Socket.prototype.connect = function (...args) {
    const first = Array.isArray(args[0]) ? args[0][0] : args[0] // net.connect hands a normalised list on
    if (first && typeof first === 'object') {
      const name = named(first)
      if (hosts.includes(name) || foreign(name)) Object.assign(first, { host: '127.0.0.1', port: nowhere })
    }
    return connect.apply(this, args)
  }
}

// (options, done), (port, host, options, done) and what lies between.
function normal(args) {
  const done = typeof args[args.length - 1] === 'function' ? args[args.length - 1] : undefined
  if (args[0] && typeof args[0] === 'object') return { options: args[0], done }
  const rest = args.find((arg) => arg && typeof arg === 'object') || {}
  const host = typeof args[1] === 'string' ? args[1] : undefined
  return { options: { ...rest, port: args[0], ...(host ? { host } : {}) }, done }
}

function hurry(rate, start) {
  const timers = require('node:timers')
  const promises = require('node:timers/promises')
  const RealDate = Date
  const real = RealDate.now.bind(RealDate)
  const now = () => Math.floor(start + (real() - start) * rate)
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, self) => Reflect.construct(target, args.length ? args : [now()], self),
    apply: () => new RealDate(now()).toString(),
    get: (target, key) => (key === 'now' ? now : Reflect.get(target, key))
  })
  RealDate.prototype.constructor = globalThis.Date
  const since = performance.now.bind(performance)
  performance.now = () => since() * rate
  // AbortSignal.timeout is left alone: the timers it rests on are these.
  for (const name of ['setTimeout', 'setInterval']) {
    const plain = timers[name]
    const sooner = function (callback, delay, ...args) {
      return plain(callback, delay / rate, ...args)
    }
    Object.defineProperties(sooner, Object.getOwnPropertyDescriptors(plain))
    timers[name] = globalThis[name] = sooner
    const promised = promises[name]
    promises[name] = (delay, ...args) => promised(delay / rate, ...args)
  }
  if (promises.scheduler) {
    const wait = promises.scheduler.wait.bind(promises.scheduler)
    promises.scheduler.wait = (delay, ...args) => wait(delay / rate, ...args)
  }
  require('node:module').syncBuiltinESMExports()
}
