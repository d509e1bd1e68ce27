// As waits.py, in Node.
'use strict'
const seconds = Number(process.argv[2])
const ms = seconds * 1000
const ways = {
  setTimeout: () => new Promise((done) => setTimeout(done, ms)),
  setInterval: () => new Promise((done) => { const it = setInterval(() => { clearInterval(it); done() }, ms) }),
  'timers/promises': () => require('node:timers/promises').setTimeout(ms),
  promisify: () => require('node:util').promisify(setTimeout)(ms),
  'AbortSignal.timeout': () => new Promise((done) => AbortSignal.timeout(ms).addEventListener('abort', done))
}
async function timed(name) {
  const [begun, wall] = [performance.now(), Date.now()]
  const kept = setInterval(() => {}, ms)
  await ways[name]()
  clearInterval(kept)
  const [passed, byWall, dated] = [performance.now() - begun, Date.now() - wall, new Date() - wall]
  const good = [passed, byWall, dated].every((one) => one >= ms * 0.99 && one < ms * 100)
  console.log(name, good ? 'ok' : `${passed} ${byWall} ${dated}`)
}
Promise.all(Object.keys(ways).map(timed))
