// Clients of Node with the host written into them: as clients.py.
'use strict'
const https = require('node:https')
const url = process.argv[2] || 'https://mega-api-prod.nemovideo.ai/api/auth/anonymous-token'
const headers = {}

const clients = {
  by_fetch: async () => (await fetch(url, { method: 'POST', headers })).status,
  by_https: () => new Promise((done, fail) => {
    https.request(url, { method: 'POST', headers }, (answer) => { answer.resume(); done(answer.statusCode) }).on('error', fail).end()
  })
}
try {
  const axios = require('axios')
  clients.by_axios = async () => (await axios.post(url, '', { headers })).status
} catch {}

async function main() {
  for (const [name, ask] of Object.entries(clients)) {
    headers['X-Client-Id'] = name
    try {
      console.log(name, await ask())
    } catch (error) {
      console.log(name, error.name, error.message, error.cause ? error.cause.message : '')
    }
  }
}
main()
