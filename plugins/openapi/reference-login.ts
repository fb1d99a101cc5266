/**
 * What the reference adds to Swagger UI, as a script of the page's:
 *
 * - A login by username and password gives an access token, which Swagger UI keeps. Here the refresh token that came with
 *   it is kept too, and the username and the password for what asks for those, so that one login is enough for every
 *   operation. One logout takes all of them away.
 * - JSON in a part of a form is a text to fill in. Swagger UI takes whatever has a media type for a file.
 *
 * It runs before `window.onload`, which starts Swagger UI.
 */
export const LOGIN_SCRIPT = `
const GIVEN_BY_LOGIN = ['refreshBearer', 'basic']

const plugin = {
  statePlugins: {
    auth: {
      wrapActions: {
        authorizeOauth2: (original, { authActions, specSelectors }) => (payload) => {
          const { username, password } = payload.auth
          const values = [payload.token.refresh_token, { username, password }]
          for (const [index, name] of GIVEN_BY_LOGIN.entries()) {
            const schema = specSelectors.securityDefinitions().get(name)
            if (schema) authActions.authorize({ [name]: { name, schema, value: values[index] } })
          }
          return original(payload)
        },
        logout: (original) => (names) =>
          original(names.includes('oauth2') ? [...names, ...GIVEN_BY_LOGIN] : names),
      },
    },
  },
  afterLoad() {
    const { isFileUploadIntended } = this.fn
    this.fn.isFileUploadIntended = (schema, mediaType) =>
      !schema?.has?.('contentSchema') && isFileUploadIntended(schema, mediaType)
  },
}

const start = window.SwaggerUIBundle
window.SwaggerUIBundle = Object.assign(
  (config) => start({ ...config, plugins: [...config.plugins, plugin] }),
  start,
)
`
