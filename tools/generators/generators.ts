import { go, java, type Language, MAVEN_DEPENDENCY, python, rust, typescript } from './languages.js'

/** A generator of clients. Its folder in `projects/` has the program, and what a user has beside it. */
export interface Generator {
  /** Also the folder's. */
  readonly name: string
  readonly version: string
  readonly language: Language
  /** What the generator itself needs, beside its language. */
  readonly needs?: readonly string[]
  /** What brings the generator, where its language's pins don't. */
  readonly install?: readonly string[]
  /** Makes `client` of `openapi.json`, as docs/generators.md has it. */
  readonly generate: string
}

const OPENAPI_GENERATOR = '7.25.0'
const JAR = `../openapi-generator-cli-${OPENAPI_GENERATOR}.jar`
const JAR_SHA256 = '41ce4f6b07f196676439d710759fa1ced7a08066d06ff1bf314681470289efae'

const openapiGenerator = (generator: string, language: Language, options: string): Generator => ({
  name: `openapi-generator-${generator}`,
  version: OPENAPI_GENERATOR,
  language,
  needs: ['java --version', 'mvn --version'],
  install: [
    `test -f ${JAR} || mvn -B -q -C ${MAVEN_DEPENDENCY}:copy -DoutputDirectory=.. ` +
      `-Dartifact=org.openapitools:openapi-generator-cli:${OPENAPI_GENERATOR}`,
    `echo "${JAR_SHA256}  ${JAR}" | sha256sum --quiet -c`,
  ],
  generate: `java -jar ${JAR} generate -i openapi.json -g ${generator} ${options}`,
})

/** What is generated needs no library, or those that the house has too. */
const bareTypescript: Language = { ...typescript, install: [] }

/** Each is to work. */
export const GENERATORS: readonly Generator[] = [
  openapiGenerator(
    'python',
    python,
    '-o . --additional-properties=packageName=client,generateSourceCodeOnly=true',
  ),
  openapiGenerator('typescript-fetch', bareTypescript, '-o client'),
  openapiGenerator('java', java, '-o client'),
  openapiGenerator(
    'go',
    go,
    '-o client --additional-properties=packageName=client,withGoMod=false',
  ),
  openapiGenerator('rust', rust, '-o client --additional-properties=packageName=client'),
  {
    name: 'ogen',
    version: '1.24.0',
    language: go,
    generate: 'go tool ogen --target client --package client --clean openapi.json',
  },
  {
    name: 'oapi-codegen',
    version: '2.8.2',
    language: go,
    generate: 'mkdir -p client && go tool oapi-codegen -config oapi-codegen.yaml openapi.json',
  },
  {
    name: 'openapi-typescript',
    version: '7.13.0',
    language: bareTypescript,
    generate: 'openapi-typescript openapi.json -o client/schema.ts',
  },
  {
    name: 'hey-api',
    version: '0.99.0',
    language: typescript,
    generate: 'openapi-ts -i openapi.json -o client',
  },
  { name: 'orval', version: '8.38.0', language: typescript, generate: 'orval' },
  {
    name: 'swagger-typescript-api',
    version: '13.13.0',
    language: typescript,
    generate: 'swagger-typescript-api generate -p openapi.json -o client -n api.ts',
  },
  {
    name: 'openapi-python-client',
    version: '0.29.1',
    language: python,
    generate:
      '.venv/bin/openapi-python-client generate --path openapi.json --meta none --output-path client --config config.yml --fail-on-warning',
  },
  { name: 'kubb', version: '4.39.3', language: typescript, generate: 'kubb generate' },
]
