import { availableParallelism, loadavg } from 'node:os'
import type { Soak } from './soak.js'

const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`

/** The figures of a soak, as a table in Markdown. */
export function tableOf({ seconds, statuses, heap, rss, delay, descriptors }: Soak): string {
  const total = [...statuses.values()].reduce((sum, count) => sum + count, 0)
  const counts = [...statuses].sort(([a], [b]) => String(a).localeCompare(String(b)))
  const rows: [string, string][] = [
    ['time', `${seconds} s`],
    [
      'machine',
      `${availableParallelism()} cores, at the end with ${loadavg()[0]?.toFixed(0)} processes that want one`,
    ],
    ['Node', process.versions.node],
    ['requests', `${total}`],
    ...counts.map(([status, count]): [string, string] => [
      status === 'none' ? 'without an answer' : `answered ${status}`,
      `${count}`,
    ]),
    [
      'heap in use',
      `${mib(heap.begin)} at the start, ${mib(heap.end)} at the end, ${mib(heap.most)} at most`,
    ],
    [
      'memory (RSS)',
      `${mib(rss.begin)} at the start, ${mib(rss.end)} at the end, ${mib(rss.most)} at most`,
    ],
    [
      'delay of the event loop',
      `${delay.p99.toFixed(0)} ms for 99 of 100, ${delay.max.toFixed(0)} ms at most`,
    ],
    [
      'descriptors',
      descriptors
        ? `${descriptors.begin} at the start, ${descriptors.end} at the end, ${descriptors.most} at most`
        : 'not told by this system',
    ],
  ]
  return ['| what | |', '| --- | --- |', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n')
}

/** What `docs/soak.md` says. */
export function pageOf(soak: Soak): string {
  return `# Everything at once

\`npm run soak\` starts a server in a process of its own and, for a minute, does to it everything at once: reads and writes,
logins with the right password and with wrong ones, registrations, uploads and downloads of ranges, documents, workspaces that come and go,
resets and snapshots, faults, streams of events; and what nobody ought to: requests that break off, heads and bodies that are sent
by half, readers that don't read, and what is no request at all.

It fails where an answer of 5xx is none of those that the README has (503, 507) or that a fault was told to give; where descriptors stay open after
the connections that had them, or workspaces after their deletion; and where the server, told to stop while some still read,
doesn't end with 0, or leaves a folder.

\`npm run soak -- --seconds 600\` goes on for longer, and \`-- --write\` writes this page. The figures are a record of one run, not
a promise: whoever asks has to share the machine with the server. A status of 4xx is what was asked for, a request without
an answer one whose connection a fault or its own client ended. Where other processes want the machine too, delays are theirs as much.

${tableOf(soak)}
`
}
