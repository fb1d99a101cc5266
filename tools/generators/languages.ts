/**
 * How a client in a language is compiled and run, and gets what it needs. All are commands for a shell, in the folder of the
 * client.
 */
export interface Language {
  /** Each has to succeed, or the generator is skipped: what it needs isn't there. */
  readonly needs: readonly string[]
  readonly install: readonly string[]
  /** The file that pins what is installed. While it stays as it is, so does what is installed. */
  readonly pins?: string
  /** The whole client, not only what the program uses of it. */
  readonly compile: readonly string[]
  /** Takes the name of a package and the server's URL as arguments. */
  readonly run: string
}

/** As a user with a bundler has it. The compiler is the house's own, and so is tsx. */
export const typescript: Language = {
  needs: [],
  install: ['npm ci --no-audit --no-fund --loglevel=error'],
  pins: 'package-lock.json',
  compile: [
    'tsc --ignoreConfig --noEmit --strict --skipLibCheck --target ES2023 --lib ES2023,DOM,DOM.Iterable ' +
      '--module ESNext --moduleResolution Bundler --allowImportingTsExtensions --types node program.ts',
  ],
  run: 'node --import tsx program.ts',
}

export const python: Language = {
  needs: ['python3 -c "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"'],
  install: [
    'rm -rf .venv && python3 -m venv .venv',
    '.venv/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt',
  ],
  pins: 'requirements.txt',
  compile: ['.venv/bin/mypy program.py'],
  run: '.venv/bin/python program.py',
}

/** go.sum has the hashes of what is downloaded. */
export const go: Language = {
  needs: ['go version'],
  install: ['go mod download'],
  pins: 'go.sum',
  compile: ['go vet . ./client && go build -o program .'],
  run: './program',
}

/** Cargo.lock has the hashes of what is downloaded. */
export const rust: Language = {
  needs: ['cargo --version'],
  install: [],
  compile: ['cargo build --quiet --locked'],
  run: 'target/debug/program',
}

export const MAVEN_DEPENDENCY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1'

/** Maven brings the libraries, and javac compiles. */
export const java: Language = {
  needs: ['mvn --version', 'javac --version'],
  install: [`mvn -B -q -C ${MAVEN_DEPENDENCY}:copy-dependencies -DoutputDirectory=lib`],
  pins: 'pom.xml',
  compile: [
    'javac -nowarn -d classes -cp "lib/*" Program.java $(find client/src/main -name "*.java")',
  ],
  run: 'java -cp "classes:lib/*" Program',
}
