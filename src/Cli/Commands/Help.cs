namespace ValueStream.Cli.Commands;

/// <summary>The help texts, each with examples.</summary>
internal static class Help
{
    /// <summary>Of vscli.</summary>
    public const string All = """
        vscli records what scripts do, and never fails them.

          vscli event start|end   record the start or the end of a run
          vscli trap              record the whole script: ends with its exit status
          vscli run -- COMMAND    record one command, its exit code unchanged
          vscli annotate          add tags, a note or a reason to a run
          vscli link              link a run to others
          vscli flush             send what could not be sent before
          vscli status            what is configured, what waits, does the server answer
          vscli verify            is the log what was appended? 0 yes, 1 no, 2 unchecked
          vscli runs              search runs; 0 found, 1 none, 2 could not
          vscli why               what failed or slow runs share; 0 found, 1 nothing
          vscli report            the trace of a run, for a terminal or a pull request
          vscli audit             the events of the log, or of a run, newest first
          vscli import            past runs out of a file; what was saved of a tool
          vscli quarantine        what tools sent and was not understood: list, replay
          vscli tracers           tracers that runs are forwarded to; send again
          vscli completion        commands and flags by the tab key, for bash and zsh
          vscli COMMAND --help    flags and examples

        The shortest use, one line at the top of a script, and what it calls nests:
          eval "$(vscli trap -type=pipeline -tag='service|api')"
          vscli run -type=build -- docker build .

        VALUESTREAM_URL    the server (http://127.0.0.1:5000)
        VALUESTREAM_TOKEN  its token, if it wants one
        VALUESTREAM_SPOOL  the folder for open runs and unsent events
                           (~/.local/state/vscli)
        """;

    private const string Common = """
          -type TYPE             kind of work (deploy)
          -namespace NAME        owner (default)
          -tag 'KEY|VALUE'       repeatable; those of user, machine, repository and CI
                                 job are there already
          -name NAME             name of the run (tag service, the parent's name, the
                                 script's name)
          -actor WHO             who did it (whom the CI names, the user)
          -reason WHY
          -require-reason        asks for one on the terminal when none is given;
                                 without a terminal it says so and goes on
          -parent-event-id ID    repeatable: the first is the parent, the others were
                                 before it ($VS_PARENT_EVENT_ID)
          -no-context            tell nothing of user, machine, repository, CI job and
                                 $TRACEPARENT
          -url URL               server ($VALUESTREAM_URL)
          -event-source-url URL  upstream's intake ($VS_CUSTOM_HTTP_EVENT_SOURCE_URL)
          -secret-key KEY        signs what that intake is sent
                                 ($VS_CUSTOM_HTTP_EVENT_SOURCE_SECRET)
        """;

    /// <summary>Of event.</summary>
    public const string Event = $"""
        vscli event [flags] start|end [flags]

          TRACEID="$(vscli event -tag='service|api' -type=pipeline start)"
          BUILD="$(vscli event -type=build start -parent-event-id="$TRACEID")"
          docker build .
          vscli event end -event-id="$BUILD" -exit-code=$?
          vscli event end -event-id="$TRACEID"

        start prints the run's id and nothing else, whatever happens.

        {Common}
        end also takes:
          -event-id ID           what start printed
          -exit-code N           0 is success, anything else failure
          -error                 failure
          -outcome OUTCOME       success, failure, error, timeout, cancellation, skip
        """;

    /// <summary>Of trap.</summary>
    public const string Trap = $"""
        eval "$(vscli trap [flags])"

          #!/bin/sh
          set -eu
          eval "$(vscli trap -type=pipeline -tag='service|api')"
          BUILD="$(vscli event -type=build start)"   # a child of the script's run

        Exports TRACEID, VS_PARENT_EVENT_ID and TRACEPARENT, so what the script calls
        becomes a child, and ends the run with the script's exit status.
        The script's own EXIT trap still runs; set one before this line, not after it.

        {Common}
        """;

    /// <summary>Of run.</summary>
    public const string Run = $"""
        vscli run [flags] -- COMMAND [ARGUMENT...]

          vscli run -- make deploy
          vscli run -type=build -tag='service|api' -- docker build .
          vscli run -timeout=15m -reason='first try' -- ./migrate.sh --all
          vscli run -type=pipeline -- sh -c 'make && make publish'

        The command starts first and gets everything as it is: terminal, input, output,
        folder, signals; a shell only where you say so. Its exit code is the answer:
        128+n where signal n ended it, 127 where it was not found, 126 where it cannot
        be executed, 124 where its time was up.
        It sees TRACEPARENT and VS_PARENT_EVENT_ID, so what it calls becomes a child.
        The name is -name, else the tag service, else the command's.

        {Common}
          -timeout TIME          TERM after so long: 90s, 5m, 1h30m, or seconds (none)
          -kill-after TIME       KILL so long after that (10s)
          -capture-args          record the arguments, secrets masked
        """;

    /// <summary>Of annotate.</summary>
    public const string Annotate = """
        vscli annotate [flags] [NOTE...]

          vscli annotate -tag='image.size|512' built and pushed    # the run around it
          vscli annotate -event-id="$BUILD" -tag='cache|miss'
          vscli annotate -event-id="$TRACEID" -reason='customer request 4711'

          -event-id ID           what start printed ($VS_PARENT_EVENT_ID)
          -tag 'KEY|VALUE'       repeatable; a key that is there takes the new value
          -note TEXT             as the words without a flag
          -reason WHY            of the run
          -actor WHO             of the run
          -type TYPE             of a run that was not started on this machine
          -namespace NAME        of such a run
          -url URL               server ($VALUESTREAM_URL)
        """;

    /// <summary>Of link.</summary>
    public const string Link = """
        vscli link [flags] RUN...

          vscli link vstrace-github-issue-acme.shop-12    # from the run around it
          vscli link -event-id="$DEPLOY" -kind=follows "$BUILD"
          vscli link -kind=contains vstrace-github-pull_request-acme.shop-41

        RUN is what start printed on this machine, or a rendering
        vstrace-SOURCE-TYPE-NAMESPACE-ID; it need not be known yet.

          -event-id ID           the run that links ($VS_PARENT_EVENT_ID)
          -kind KIND             references (the default), follows or contains
          -type TYPE             of a run that was not started on this machine
          -namespace NAME        of such a run
          -url URL               server ($VALUESTREAM_URL)
        """;

    /// <summary>Of status.</summary>
    public const string Status = """
        vscli status [-url URL]

          vscli status

        Which server and from where that is known, whether it answers, what waits, what
        was refused and why. The exit code:
          0  all is well
          1  the server does not answer, events wait or some were refused
          2  the command line is wrong
        """;

    /// <summary>Of flush.</summary>
    public const string Flush = """
        vscli flush [-url URL]

          vscli flush

        Sends what waits in the spool, for up to 60 s, and says how much is left.
        """;

    /// <summary>Of verify.</summary>
    public const string Verify = """
        vscli verify [--from N] [--head FILE] [--save-head FILE] [-url URL]

          vscli verify                            # is every event what was appended?
          vscli verify --save-head head.json      # the first time; keep it elsewhere
          vscli verify --head head.json --save-head head.json    # daily, from cron
          vscli verify --from 90000000 --head head.json          # only the newer part

        Reads the whole log on the server, some minutes for 100 million events, and says
        on stdout what came of it. With a head that was kept on another machine than the
        log, also whether anything was cut off or written anew since:
          0  everything is as it was appended
          1  it is not; the first position that fails is named
          2  it was not checked (or the head not saved); stderr says why

          -from N            begin with the batch that holds this position, and believe
                             what is before it
          -head FILE         a head that was kept: of -save-head, or of
                             GET /api/v1/log/head
          -save-head FILE    keep the head that was checked, if all is well; one that is
                             there already must be that of -head, or an earlier one
          -url URL           server ($VALUESTREAM_URL); $VALUESTREAM_TOKEN its token
        """;

    private const string Server = "-url URL              server ($VALUESTREAM_URL); $VALUESTREAM_TOKEN its token";

    /// <summary>Of runs.</summary>
    public const string Runs = $"""
        vscli runs [filters] [-limit N] [-format table|json|csv|ndjson]

          vscli runs                                        # the newest 50
          vscli runs -type pipeline -outcome failure -from 7d
          vscli runs -state running -min-duration 30m       # what hangs?
          vscli runs -tag vcs.ref.head.name=main -tag 'service|api' -format csv
          vscli runs -from 2026-03-01 -to 2026-04-01 -limit 100000 -format ndjson

        Those that ended in the window or are running, newest start first, each attempt
        by itself. The exit code:
          0  found
          1  there are none
          2  could not ask; stderr says why

          -from WHEN, -to WHEN  a time like 2026-03-02T12:00:00Z (UTC where it names no
                                offset), or how long ago: 90m, 24h, 7d
          -type TYPE, -namespace NAME, -name NAME, -source SOURCE, -actor WHO
          -operation KEY        an operation's key
          -id ID                a rendering vstrace-SOURCE-TYPE-NAMESPACE-ID, or what
                                `vscli event start` printed here
          -state STATE          running, ended, orphan, abandoned
          -outcome OUTCOME      success, failure, error, timeout, cancellation, skip
          -tag KEY=VALUE        or 'KEY|VALUE'; repeatable, then all must be there
          -reason missing       only those of operations marked "reason required" that
                                give none, and for which none was found
          -min-duration TIME, -max-duration TIME
                                90s, 5m, 1h30m, 2d
          -limit N              how many at the most (50)
          -format FORMAT        table (on a terminal only what fits), json (one array),
                                ndjson (one object a line), csv (RFC 4180; what a
                                spreadsheet would take for a formula begins with ')
          {Server}
        """;

    /// <summary>Of why.</summary>
    public const string Why = $"""
        vscli why [OPERATION] [-of failed|slow|these] [filters] [-json]

          vscli why be63vbn6s4jvi                  # what its failed runs share
          vscli why be63vbn6s4jvi -of slow -from 7d
          vscli why -type deploy -from 30d
          vscli why -of these -tag host.name=ci-runner-3 -json

        Compares the newest 20,000 finished runs and prints each tag's value that the
        failed (slow) ones carry more or less often than the others: of the runs, of
        those above (ancestor) and below them (descendant). Only what is more than
        chance, corrected for all that was tried. The exit code:
          0  found
          1  nothing is more than chance, or there are too few runs
          2  could not ask; stderr says why

          OPERATION             an operation's key; all runs where it is left out
          -of WHICH             failed: against those that succeeded (the default)
                                slow: successful ones above the 95th percentile of
                                their operation, against the others
                                these: what the filters find, against others of the
                                same operations
          -from WHEN, -to WHEN  a time like 2026-03-02T12:00:00Z (UTC where it names no
                                offset), or how long ago: 90m, 24h, 7d
          -type TYPE, -namespace NAME, -name NAME, -source SOURCE, -actor WHO
          -outcome OUTCOME      success, failure, error, timeout, cancellation, skip
          -tag KEY=VALUE        or 'KEY|VALUE'; repeatable, then all must be there
          -json                 the whole answer as one object
          {Server}
        """;

    /// <summary>Of report.</summary>
    public const string Report = $"""
        vscli report [RUN] [-format text|markdown|json|csv]

          vscli report                             # the trace of $VS_PARENT_EVENT_ID
          vscli report "$TRACEID"
          vscli report -format markdown >> "$GITHUB_STEP_SUMMARY"
          vscli report be63vbn6s4jvi -format csv > trace.csv

        The whole trace that the run belongs to: each run with its outcome, start,
        duration, share of the whole and time on the critical path, and what failed
        first. How the runs ended does not change the exit code:
          0  reported
          1  there is no such run
          2  could not ask; stderr says why

          RUN                   a key, a rendering vstrace-SOURCE-TYPE-NAMESPACE-ID, or
                                what `vscli event start` printed here
                                ($VS_PARENT_EVENT_ID)
          -format FORMAT        text; markdown (200 runs at most; names stand as they
                                are, whatever is in them); json, as the API gives it;
                                csv
          {Server}
        """;

    /// <summary>Of audit.</summary>
    public const string Audit = $"""
        vscli audit [RUN] [filters] [-as-of N] [-limit N] [-format FORMAT]

          vscli audit                   # what was recorded last, by whom, why
          vscli audit "$TRACEID"        # the history of one run
          vscli audit -type deploy -tag env=production -kind started -from 30d
          vscli audit -q 'login hot*' -actor alice
          vscli audit -limit 100000 -format csv > log.csv

        The log's own events, newest first. The exit code:
          0  found
          1  there are none, or there is no such run
          2  could not ask; stderr says why

          RUN                   a key, a rendering vstrace-SOURCE-TYPE-NAMESPACE-ID, or
                                what `vscli event start` printed here
          -actor WHO, -operation KEY
          -outcome OUTCOME      success, failure, error, timeout, cancellation, skip
          -tag KEY=VALUE        or 'KEY|VALUE'; repeatable. All events of runs of which
                                one attempt is and has all of these
          -q 'WORDS'            all of them in actor, reason, name, note or tags of the
                                event or its run; hot* is what begins so
          -kind KIND            started, ended, transitioned, annotated, linked,
                                abandoned, redacted or administered
          -type TYPE, -namespace NAME, -source SOURCE, -submitter WHO
                                of the run; whom the server saw sending it
          -from WHEN, -to WHEN  2026-03-02T12:00:00Z, or how long ago: 90m, 24h, 7d
          -clock CLOCK          whose time that is: recorded, or occurred, the sender's
                                (recorded)
          -as-of POSITION       what the log held when it ended there: a search says on
                                stderr as of which position it speaks
          -limit N              how many at the most (50)
          -format FORMAT        table (on a terminal only what fits), json (one array),
                                ndjson (one object a line), csv (RFC 4180; what a
                                spreadsheet would take for a formula begins with ')
          {Server}
        """;

    /// <summary>Of import.</summary>
    public const string Import = $$$"""
        vscli import FILE|- [-format ndjson|csv] [-dry-run] [-rejects FILE]
        vscli import TOOL -from DIR|FILE|- [-dry-run] [-rejects FILE]

          vscli import runs.ndjson -dry-run        # is every line understood?
          vscli import runs.ndjson                 # cut off: the same command goes on
          vscli import builds.csv -rejects bad.ndjson; jq -r .text bad.ndjson
          vscli runs -url http://old -format ndjson | vscli import -
          vscli import github -from saved/         # gitlab, jenkins, jira, cdevents
          gh api --paginate 'repos/acme/shop/pulls?state=all' > pulls.json
          vscli import github -from pulls.json -dry-run

        A line of NDJSON is a run or an event of the API, as it is (here on two):
          {"type":"build","startedAt":"2026-03-02T12:00:00Z","duration":41.5,
           "outcome":"failure","name":"api","tags":{"branch":"main"}}
          {"action":"annotate","run":{"type":"build","id":"7"},
           "note":"the disk was full","occurredAt":"2026-03-02T12:05:00Z"}
        A run has: type, startedAt; id, namespace, name, attempt, endedAt or duration
        (seconds, or 90s, 1h30m), outcome, actor, reason, tags, parents (renderings; the
        first is the parent). CSV has the same names in its header, tag.KEY for tags,
        parents parted by blanks; times without an offset are UTC.

        Each run becomes a start and an end. What has no id gets one that follows from
        the line and its number, so that the same file imported again stores nothing
        twice; a line that is changed in its place is a new run then, unless it has an
        id.

        Of a TOOL are read: all *.json, *.ndjson and *.jsonl below DIR, packed (.gz) or
        not, in the order of their paths; or FILE; or a document a line from stdin. A
        document, up to 25 MB, is a page or an object of the tool's API, or a delivery
        of its webhooks: {"headers":{...},"payload":{...}}, or the payload alone in a
        file that is named like pull_request.opened.json. The server reads them as it
        reads webhooks; again stores nothing twice.

        stdout tells how many events were stored or there already, and how much was not
        taken. The exit code:
          0  all is in the log
          1  some was not taken; stderr names the first 20, and why
          2  could not go on; stderr says why: run it again

          -from DIR|FILE|-      what was saved of a tool
          -format FORMAT        ndjson, csv (by the file's name; ndjson for -)
          -dry-run              nothing is stored. Of a TOOL the server says what would
                                be; else nothing is sent, and what the server alone can
                                judge is not checked
          -rejects FILE         all that was not taken:
                                {"line":7,"problem":"...","text":"..."}, of a TOOL
                                {"file":"...","part":7,"problem":"..."}
          {{{Server}}}
        """;

    /// <summary>Of quarantine.</summary>
    public const string Quarantine = $"""
        vscli quarantine list [-source SOURCE] [-limit N] [-format FORMAT]
        vscli quarantine show ID [-body]
        vscli quarantine replay ID...|-all [-source SOURCE]
        vscli quarantine drop ID...

          vscli quarantine list                 # what was not understood, and why
          vscli quarantine show 0197c2 -body | jq .repository
          vscli quarantine replay -all          # after an update of the server
          vscli quarantine drop 0197c2          # it is of no use

        What a tool delivered and the server could not read is kept, and can be read
        again when the server has learned how. The exit code:
          0  found or done: all that was replayed is taken
          1  there is none, or some remain; why is said
          2  could not ask; stderr says why

          -source SOURCE        customhttp, github, gitlab, jenkins, jira, cdevents,
                                otlp
          -limit N              how many at the most (50), the newest first
          -format FORMAT        table (on a terminal only what fits), json (one array),
                                ndjson (one object a line), csv (RFC 4180; what a
                                spreadsheet would take for a formula begins with ')
          -body                 the body alone, as it came
          -all                  all, the oldest first; says how many remain, and why
          {Server}
        """;

    /// <summary>Of tracers.</summary>
    public const string Tracers = $"""
        vscli tracers [list] [-format FORMAT]
        vscli tracers resend NAME -position N|-since TIME [-reason TEXT]

          vscli tracers                                      # does everything arrive?
          vscli tracers resend jaeger -since 2026-03-01      # it lost its disk
          vscli tracers resend jaeger -position 0            # the whole log

        The tracers that finished runs are forwarded to, and how far each is behind.
        What is sent again goes under the same ids. The exit code:
          0  all are well; done
          1  there is none, or the last answer of one was an error
          2  could not ask; stderr says why

          -format FORMAT        table (on a terminal only what fits), json (one array),
                                ndjson (one object a line), csv (RFC 4180; what a
                                spreadsheet would take for a formula begins with ')
          -position N           what comes after this position of the log
          -since TIME           what was recorded since then, as 2026-03-01T12:00:00Z
          -reason TEXT          why; it stays in the log
          {Server}
        """;

    /// <summary>Of completion.</summary>
    public const string Completion = """
        vscli completion bash|zsh

          source <(vscli completion bash)     # into ~/.bashrc
          source <(vscli completion zsh)      # into ~/.zshrc

        Completes commands, flags, and values that are a fixed list. The exit code:
          0  the script is on stdout
          2  the shell is not known
        """;
}
