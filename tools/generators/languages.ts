/** What compiles and runs a client, and gets what it needs. Commands are run in the client's folder. */
export interface Language {
  /** Each has to succeed, or the generator is skipped. */
  readonly needs: readonly string[]
  readonly install: readonly string[]
  /** The file that pins what is installed, where it is kept from run to run. */
  readonly pins?: string
  readonly compile: readonly string[]
  /** Without its arguments. */
  readonly run: string
}

const NPM_CI = 'npm ci --no-audit --no-fund --loglevel=error'

/** As a user with a bundler compiles it. TypeScript and tsx are the house's own. */
export const typescript: Language = {
  needs: [],
  install: [],
  compile: [
    'tsc --ignoreConfig --noEmit --strict --target ES2023 --lib ES2023,DOM,DOM.Iterable' +
      ' --module ESNext --moduleResolution Bundler --types node program.ts',
  ],
  run: 'node --import tsx program.ts',
}

/** The same with a package.json of its own, as the generators have that npm installs. */
export const typescriptProject: Language = {
  ...typescript,
  install: [NPM_CI],
  pins: 'package-lock.json',
}

export const python: Language = {
  needs: ['python3 -c import(sys,venv,ensurepip);sys.exit(sys.version_info<(3,11))'],
  install: [
    'python3 -m venv .venv',
    '.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt',
  ],
  pins: 'requirements.txt',
  compile: ['.venv/bin/mypy program.py'],
  run: '.venv/bin/python program.py',
}

export const go: Language = {
  needs: ['go version'],
  install: [],
  compile: ['go build -o program .'],
  run: './program',
}

export const rust: Language = {
  needs: ['cargo --version'],
  install: [],
  compile: ['cargo build --quiet --locked'],
  run: 'target/debug/program',
}

/** Maven gets the libraries; javac alone compiles. */
export const java: Language = {
  needs: ['mvn --version', 'javac --version'],
  install: ['mvn -B -q -C dependency:copy-dependencies -DoutputDirectory=lib'],
  pins: 'pom.xml',
  compile: ['javac -nowarn -d classes -cp lib/* -sourcepath client/src/main/java Program.java'],
  run: 'java -cp classes:lib/* Program',
}
