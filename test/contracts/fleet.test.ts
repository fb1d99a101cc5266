import { readFile } from 'node:fs/promises'
import t from 'tap'
import { curlTo, json } from '../fixtures/curl.js'
import { ROOT, startProcess } from '../fixtures/process.js'

/**
 * Every curl call that the fleet's document prints, in its order, against a real process. Tokens are the ones this
 * process gives; the rest is as printed there. The document's data has two users, so that the next one is the third.
 */
t.test("the fleet document's calls answer as printed", async (t) => {
  const data = JSON.parse(await readFile(`${ROOT}/data.json`, 'utf8'))
  const users = [
    { id: 1, name: 'user', password: 'password' },
    { id: 2, name: 'guest', password: 'guest' },
  ]
  const folder = t.testdir({ 'fleet.json': JSON.stringify({ users, ships: data.ships }) })
  const { url } = await startProcess(t, [`${folder}/fleet.json`])

  const curl = curlTo(url)
  const bearer = (token: string) => ['-H', `Authorization: Bearer ${token}`]
  const jwt = /^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+$/

  const login = await curl(
    '/auth/login',
    ...['-X', 'POST', ...json('{"username":"user", "password":"password"}')],
  )
  t.match(login, { status: 200, type: /^application\/json/ })
  t.match(login.body, { access_token: jwt, refresh_token: jwt })

  const refresh = await curl('/auth/refresh', '-X', 'POST', ...bearer(login.body.refresh_token))
  t.equal(refresh.status, 200)
  t.match(refresh.body, { access_token: jwt })

  const logout = await curl('/auth/logout', '-X', 'DELETE', ...bearer(login.body.access_token))
  t.match(logout, { status: 200, body: { message: 'Successfully logged out.' } })

  const logout2 = await curl('/auth/logout2', '-X', 'DELETE', ...bearer(login.body.refresh_token))
  t.match(logout2, { status: 200, body: { message: 'Successfully logged out.' } })

  const list = await curl('/api/users')
  t.equal(list.status, 200)
  t.same(list.body, [
    { id: 1, name: 'user' },
    { id: 2, name: 'guest' },
  ])

  const user = await curl('/api/users/1')
  t.equal(user.status, 200)
  t.same(user.body, { id: 1, name: 'user' })

  const newUser = await curl(
    '/api/users',
    ...['-X', 'POST', ...json('{"name":"new user", "password":"secret"}')],
  )
  t.match(newUser, { status: 201, text: 'Created', location: `${url}/api/users/3` })
  t.same(newUser.body, { id: 3, name: 'new user' })

  const asNewUser = async (password: string, username = 'new user') => {
    const { body } = await curl('/auth/login', ...json({ username, password }))
    return bearer(body.access_token)
  }
  const renamed = await curl(
    '/api/users/3',
    ...['-X', 'PUT', ...json('{"name":"fancy new name", "password":"more secret"}')],
    ...(await asNewUser('secret')),
  )
  t.equal(renamed.status, 200)
  t.same(renamed.body, { id: 3, name: 'fancy new name' })

  // The document goes on with the old token. Here a new password ends it, so the user logs in again.
  const deleted = await curl(
    '/api/users/3',
    ...['-X', 'DELETE', ...(await asNewUser('more secret', 'fancy new name'))],
  )
  t.match(deleted, { status: 204, text: 'No Content', body: '' })

  const ships = await curl('/api/ships')
  t.equal(ships.status, 200)
  t.same(ships.body[0], {
    affiliation: 'Rebel Alliance',
    category: 'Starfighters',
    crew: 1,
    id: 1,
    length: 13,
    manufacturer: 'Incom Corporation',
    model: 'T-65 X-Wing',
    roles: ['Space Superiority Starfighter', 'Escort'],
    ship_class: 'Starfighter',
  })
  t.same(
    ships.body.map(({ id }: { id: number }) => id),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  )

  const ship = await curl('/api/ships/2')
  t.equal(ship.status, 200)
  t.same(ship.body, {
    affiliation: 'Empire',
    category: 'Starfighters',
    crew: 1,
    id: 2,
    length: 7,
    manufacturer: 'Sienar Fleet Systems',
    model: 'TIE/LN Starfighter',
    roles: ['Space Superiority Starfighter'],
    ship_class: 'Starfighter',
  })

  // The token that the refresh gave is still good.
  const token = bearer(refresh.body.access_token)
  const imperial =
    '{"ship_class":"Star Destroyer", "model":"Imperial I-class Star Destroyer", "affiliation":"Empire", "category":"Capital Ships", "crew":37085, "length":1600, "manufacturer":"Kuat Drive Yards", "roles":["Destroyer","Carrier","Military Transport","Command Ship"]}'
  const newShip = await curl('/api/ships', '-X', 'POST', ...json(imperial), ...token)
  t.match(newShip, { status: 201, location: `${url}/api/ships/16` })
  t.same(newShip.body, { ...JSON.parse(imperial), id: 16 })

  const imperial2 = imperial.replace('I-class', 'II-class').replace('37085', '37050')
  const changed = await curl('/api/ships/16', '-X', 'PUT', ...json(imperial2), ...token)
  t.equal(changed.status, 200)
  t.same(changed.body, {
    affiliation: 'Empire',
    category: 'Capital Ships',
    crew: 37050,
    id: 16,
    length: 1600,
    manufacturer: 'Kuat Drive Yards',
    model: 'Imperial II-class Star Destroyer',
    roles: ['Destroyer', 'Carrier', 'Military Transport', 'Command Ship'],
    ship_class: 'Star Destroyer',
  })

  const gone = await curl('/api/ships/16', '-X', 'DELETE', ...token)
  t.match(gone, { status: 204, text: 'No Content', body: '' })
})
